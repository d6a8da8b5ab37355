import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { appShell, buildId } from './build/app-shell.ts';
import { emojiData } from './build/emoji.ts';

/** `npm run dev -w web` talks to a cluster that `make up` started. */
const server = process.env.CHAT_SERVER ?? 'http://localhost:8080';
const id = buildId();

// Vite wants a default export.
export default defineConfig({
  plugins: [react(), tailwindcss(), emojiData(), appShell(id)],
  define: { __BUILD__: JSON.stringify(id) },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/v1': { target: server, changeOrigin: false },
      '/file-data': { target: server, changeOrigin: false },
      '/socket.io': { target: server, ws: true, changeOrigin: false },
    },
  },
  test: { environment: 'happy-dom', include: ['{src,build}/**/*.test.{ts,tsx}'], css: false, testTimeout: 30_000 },
});
