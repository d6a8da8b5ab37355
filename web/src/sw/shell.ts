export interface Shell {
  build: string;
  files: string[];
}

const PREFIX = 'shell-';
/** A network that does not answer within this time is taken for none: the page opens from the cache. */
const PAGE_WAIT_MS = 3_000;

/**
 * Opens the app without a network. The page itself comes from the network when there is one, so that an upgrade is seen at
 * once; hashed files come from the cache, also those of the release before, which open tabs still ask for.
 */
export function serveShell(worker: ServiceWorkerGlobalScope, { build, files }: Shell): void {
  const name = PREFIX + build;
  worker.addEventListener('install', (event) => {
    event.waitUntil(fill(name, files).then(() => worker.skipWaiting()));
  });
  worker.addEventListener('activate', (event) => {
    event.waitUntil(forgetOld(name).then(() => worker.clients.claim()));
  });
  worker.addEventListener('fetch', (event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== worker.location.origin) return;
    if (event.request.mode === 'navigate' && isPage(url.pathname)) event.respondWith(page(event.request, name));
    else if (isFile(url.pathname)) event.respondWith(file(event.request, name));
  });
}

/** As the server decides it: not the API (a sign-in by a provider goes there and comes back), and not a file. */
function isPage(path: string): boolean {
  return !/^\/(v1|file-data|socket\.io|\.well-known|assets)(\/|$)/.test(path) && !/\.\w{1,8}$/.test(path);
}

const isFile = (path: string) => path.startsWith('/assets/') || path === '/icon.svg';

/** All or nothing: a shell with a hole would open to a white page. */
async function fill(name: string, files: string[]): Promise<void> {
  const cache = await caches.open(name);
  // The page is asked for afresh: the browser's own cache may hold that of the release before.
  await cache.addAll(files.map((path) => new Request(path, { cache: path.startsWith('/assets/') ? 'default' : 'no-cache' })));
}

/** Keeps the newest earlier one for the tabs that were opened with it. */
async function forgetOld(name: string): Promise<void> {
  const old = (await caches.keys()).filter((key) => key.startsWith(PREFIX) && key !== name);
  await Promise.all(old.slice(0, -1).map((key) => caches.delete(key)));
}

async function page(request: Request, name: string): Promise<Response> {
  const cached = await (await caches.open(name)).match('/');
  if (!cached) return fetch(request);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PAGE_WAIT_MS) });
    // A load balancer without a server behind it answers too.
    return answer.status >= 502 ? cached : answer;
  } catch {
    return cached;
  }
}

async function file(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name);
  const cached = (await cache.match(request, { ignoreVary: true })) ?? (await caches.match(request, { ignoreVary: true }));
  if (cached) return cached;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
