import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@chatcluster/tools/testing';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No look-ups of its own: the test's pages are the only thing that it asks for. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium; install it with: apt-get install chromium, or set CHROMIUM');
  const browser = await chromium.launch({ executablePath, args: quiet });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

export interface Person {
  page: Page;
  /** The pod that this page's socket is on, from the last `session:ready`. */
  podId(): string | undefined;
  /** Errors that the page threw. */
  errors: string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Person> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })).newPage();
  let podId: string | undefined;
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('websocket', (socket) => {
    podId = undefined;
    socket.on('framereceived', ({ payload }) => {
      const found = /^42\["session:ready",.*"podId":"([^"]+)"/.exec(String(payload));
      if (found) podId = found[1];
    });
  });
  // A page that is loaded anew has no socket yet.
  page.on('request', (request) => {
    if (request.isNavigationRequest()) podId = undefined;
  });
  return { page, podId: () => podId, errors };
}

export async function signIn({ page }: Person, url: string, email: string, password: string): Promise<void> {
  await page.goto(url);
  await page.getByTestId('sign-in-email').fill(email);
  await page.getByTestId('sign-in-password').fill(password);
  await page.getByTestId('sign-in-submit').click();
  await page.getByTestId('conversation-item').first().waitFor();
}

/** Until nothing fades or moves any more: colours in the middle of a fade are nobody's. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await eventually(() => page.evaluate<boolean>("document.getAnimations().every(({ playState }) => playState !== 'running')"), {
    deadlineMs: 30_000,
    message: 'something still moves',
  });
}

/** With SCREENSHOTS=docs the pictures of the documentation are made again; else they are kept for a look in .local/. */
export async function screenshot({ page }: Person, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '..', process.env.SCREENSHOTS === 'docs' ? 'docs/images' : '.local/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
