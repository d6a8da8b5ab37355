import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin, type Rolldown } from 'vite';
import { drawIcon } from './icon.ts';

const root = join(import.meta.dirname, '../..');
const sources = ['web/{src,public,build}/**/*.*', 'web/index.html', 'client/src/**/*.ts', 'protocol/src/**/*.ts', 'package-lock.json'];

/** What a page loads before it shows anything. */
const FIRST_SCRIPT_MAX_BYTES = 200 * 1024;
const ICONS = [
  { fileName: 'icon-192.png', size: 192 },
  { fileName: 'icon-512.png', size: 512 },
  { fileName: 'icon-maskable-512.png', size: 512, isMaskable: true },
  { fileName: 'apple-touch-icon.png', size: 180, isMaskable: true },
];

/** The same sources give the same id, so an upgrade that leaves the web app as it was asks nobody to reload. */
export function buildId(): string {
  const hash = createHash('sha256');
  for (const file of globSync(sources, { cwd: root }).sort()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Fonts of scripts that a reader may never see, and maps, are fetched when they are needed. */
const isShell = (name: string) => !/\.map$|inter-(?!latin-wght).*\.woff2$/.test(name);

/** Adds icons, `build.json` and the service worker with the list of files that open the app without a network. */
export function appShell(id: string): Plugin {
  return {
    name: 'app-shell',
    apply: 'build',
    async generateBundle(_options, bundle) {
      checkFirstScript(bundle);
      for (const { fileName, size, isMaskable } of ICONS) this.emitFile({ type: 'asset', fileName, source: drawIcon(size, isMaskable) });
      this.emitFile({ type: 'asset', fileName: 'build.json', source: JSON.stringify({ build: id }) });
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/') && isShell(name));
      const shell = { build: id, files: ['/', '/icon.svg', ...files.map((name) => `/${name}`)] };
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: await buildWorker(shell) });
    },
  };
}

/** The entry and everything that it imports at once. */
function checkFirstScript(bundle: Rolldown.OutputBundle): void {
  const chunks = new Map(Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file] as const] : [])));
  const first = new Set([...chunks.values()].filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName));
  for (const name of first) for (const next of chunks.get(name)?.imports ?? []) first.add(next);
  const bytes = [...first].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '').length, 0);
  if (bytes > FIRST_SCRIPT_MAX_BYTES)
    throw new Error(
      `the first script is ${Math.ceil(bytes / 1024)} KiB gzip, more than ${FIRST_SCRIPT_MAX_BYTES / 1024}: load parts of it later`,
    );
}

/** One classic script: a worker with imports would not start in every browser. */
async function buildWorker(shell: { build: string; files: string[] }): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: join(root, 'web'),
    publicDir: false,
    define: { __SHELL__: JSON.stringify(shell) },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: { input: join(root, 'web/src/sw/main.ts'), output: { format: 'iife' } },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && 'output' in output ? output.output.find((file) => file.type === 'chunk') : undefined;
  if (!chunk) throw new Error('the service worker was not built');
  return chunk.code;
}
