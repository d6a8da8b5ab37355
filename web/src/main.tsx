import './styles.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { createBrowserStore, createClient } from '@chatcluster/client';
import { createRoot } from 'react-dom/client';
import { createModel } from './state/model.ts';
import { createPrefs } from './state/prefs.ts';
import { loadMissingStylesheets } from './state/stylesheets.ts';
import { App } from './views/app/App.tsx';
import { AppProvider } from './views/app/context.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
const prefs = createPrefs(localStorage, navigator.language);
document.documentElement.dataset.theme = prefs.getState().theme;

// A browser without it, or a page over plain HTTP, works all the same; it only does not open without a network.
if (import.meta.env.PROD && 'serviceWorker' in navigator)
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined));

// A page without its looks can still be read.
await loadMissingStylesheets(5_000);

// The page is served with a policy that refuses inline styles.
createRoot(root).render(
  <CSPProvider disableStyleElements>
    <AppProvider model={createModel(createClient({ store: createBrowserStore() }))} prefs={prefs}>
      <App />
    </AppProvider>
  </CSPProvider>,
);
