import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { buildWeb } from '@chatcluster/tools/local/web';
import { freePort } from '@chatcluster/tools/process';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { createApp } from '../server/src/app.ts';
import { codeOf } from '../server/src/auth/_authenticator.ts';
import { startIssuer } from '../server/src/auth/providers/_oidc-server.ts';
import { parseConfig } from '../server/src/config.ts';
import { createLog } from '../server/src/log.ts';
import { startSmtp } from '../server/src/mail/_smtp.ts';
import { openBrowser, openPage, screenshot, settled } from './_browser.ts';

const PASSWORD = 'correct horse';
const NEXT_PASSWORD = 'battery staple';

/** One pod with the web app, mail and an identity provider. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  buildWeb();
  const database = stack.use(await createDatabase());
  const smtp = stack.use(await startSmtp());
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const client = { clientId: 'chat', clientSecret: 'a secret of at least thirty-two characters' };
  const issuer = stack.use(await startIssuer({ ...client, redirectUri: `${url}/v1/auth/providers/office/callback` }));
  const config = parseConfig({
    DATABASE_URL: database.url,
    HOST: 'localhost',
    PORT: String(port),
    WEB_ROOT: join(import.meta.dirname, '../web/dist'),
    PUBLIC_URL: url,
    SMTP_URL: smtp.url,
    AUTH_PROVIDERS: JSON.stringify([{ name: 'office', type: 'oidc', issuer: issuer.issuer, label: 'Head Office', ...client }]),
    SIGNUP_CHALLENGE: 'on',
    SIGNUP_CHALLENGE_BITS: '8',
  });
  stack.use(await createApp({ ...config, adminPort: 0 }, createLog('fatal', 'test'), AbortSignal.timeout(90_000)));
  const browser = stack.use(await openBrowser());
  return { smtp, issuer, url, browser, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function fill(page: Page, values: Record<string, string>, submit: string): Promise<void> {
  for (const [testId, value] of Object.entries(values)) await page.getByTestId(testId).fill(value);
  await page.getByTestId(submit).click();
}

/** In the rail, or on a phone above the list. */
const profile = (page: Page) => page.locator('[data-testid=profile]:visible, [data-testid=profile-small]:visible').first();
const signedIn = (page: Page) => profile(page).waitFor({ timeout: 30_000 });

async function openAccount(page: Page): Promise<void> {
  await profile(page).click();
  await page.getByTestId('open-account').click();
  await page.getByTestId('session').first().waitFor();
}

async function signOut(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await profile(page).click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in-email').waitFor();
}

async function assertAccessible(page: Page): Promise<void> {
  await settled(page);
  // By its text, as the page's policy lets no script in; `evaluate` is not under it.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  assert.deepEqual(violations, []);
}

test('an account lives by mail: sign-up, forgotten password, second factor, other devices', async () => {
  await using t = await setUp();
  const ada = await openPage(t.browser);
  const { page } = ada;
  const email = 'ada@example.org';
  await page.goto(t.url);
  await page.getByTestId('provider-office').waitFor();
  await assertAccessible(page);
  await screenshot(ada, 'sign-in-1280-light');
  await page.getByTestId('sign-in-switch').click();
  await fill(page, { 'register-name': 'Ada Lovelace', 'sign-in-email': email, 'sign-in-password': PASSWORD }, 'sign-in-submit');
  await page.getByTestId('step-back').waitFor({ timeout: 30_000 });
  await screenshot(ada, 'mail-sent-1280-light');

  await page.goto((await t.smtp.mail(email)).link);
  await page.getByTestId('step-submit').waitFor();
  assert.doesNotMatch(page.url(), /verify/, 'the token does not stay in the address');
  await page.getByTestId('step-submit').click();
  await signedIn(page);
  await signOut(page);

  await page.getByTestId('forgot-password').click();
  await fill(page, { 'forgot-email': email }, 'step-submit');
  await page.getByText(email).waitFor();
  await page.goto((await t.smtp.mail(email, 3)).link);
  await page.getByTestId('reset-password').waitFor();
  await screenshot(ada, 'reset-1280-light');
  await fill(page, { 'reset-password': NEXT_PASSWORD }, 'step-submit');
  await page.getByTestId('link-done').click();
  await fill(page, { 'sign-in-email': email, 'sign-in-password': NEXT_PASSWORD }, 'sign-in-submit');
  await signedIn(page);

  await openAccount(page);
  await assertAccessible(page);
  await page.getByTestId('totp-on').click();
  await fill(page, { 'totp-password': 'wrong one' }, 'totp-prove');
  await page.getByRole('alert').waitFor();
  await fill(page, { 'totp-password': NEXT_PASSWORD }, 'totp-prove');
  const secret = await page.getByTestId('totp-secret').innerText();
  await screenshot(ada, 'totp-1280-light');
  await fill(page, { 'totp-code': codeOf(secret) }, 'totp-confirm');
  await page.getByTestId('recovery-codes').waitFor();
  const recovery = await page.getByTestId('recovery-codes').locator('li').allInnerTexts();
  assert.equal(recovery.length, 10);
  await screenshot(ada, 'recovery-1280-light');
  await page.getByTestId('recovery-kept').click();
  await page.getByTestId('totp-off').waitFor();

  const phone = await openPage(t.browser, { viewport: { width: 375, height: 720 }, colorScheme: 'dark', locale: 'de-DE' });
  await phone.page.goto(t.url);
  await phone.page.getByTestId('provider-office').waitFor();
  await screenshot(phone, 'sign-in-375-dark');
  await fill(phone.page, { 'sign-in-email': email, 'sign-in-password': NEXT_PASSWORD }, 'sign-in-submit');
  await fill(phone.page, { 'mfa-code': '12' }, 'step-submit');
  await phone.page.getByRole('alert').waitFor();
  await assertAccessible(phone.page);
  await screenshot(phone, 'code-375-dark');
  await fill(phone.page, { 'mfa-code': recovery[0] ?? '' }, 'step-submit');
  await signedIn(phone.page);
  await openAccount(phone.page);
  await eventually(async () => (await phone.page.getByTestId('session').count()) === 2, { deadlineMs: 30_000 });
  await screenshot(phone, 'account-375-dark');
  await phone.page.getByTestId('session-end').click();
  await page.getByTestId('sign-in-email').waitFor({ timeout: 30_000 });
  assert.deepEqual([...ada.errors, ...phone.errors], []);
});

test('a guest keeps the account, and an identity provider leads to one', async () => {
  await using t = await setUp();
  const gus = await openPage(t.browser);
  await gus.page.goto(t.url);
  await fill(gus.page, { 'guest-name': 'Gus' }, 'guest-submit');
  await signedIn(gus.page);
  await openAccount(gus.page);
  await screenshot(gus, 'upgrade-1280-light');
  await fill(gus.page, { 'upgrade-email': 'gus@example.org', 'upgrade-password': PASSWORD }, 'upgrade-submit');
  await gus.page.goto((await t.smtp.mail('gus@example.org')).link);
  await gus.page.getByTestId('step-submit').click();
  await signedIn(gus.page);
  await profile(gus.page).click();
  await gus.page.getByText('gus@example.org').waitFor();

  t.issuer.person = { sub: 'eva', email: 'eva@example.org', email_verified: true, name: 'Eva' };
  const eva = await openPage(t.browser);
  await eva.page.goto(t.url);
  await eva.page.getByTestId('provider-office').click();
  await signedIn(eva.page);
  await profile(eva.page).click();
  await eva.page.getByText('eva@example.org').waitFor();
  const lost = await openPage(t.browser);
  await lost.page.goto(`${t.url}/v1/auth/providers/office/callback?state=x&code=y`);
  await lost.page.getByText('Signing in did not work').waitFor();
  assert.deepEqual([...gus.errors, ...eva.errors, ...lost.errors], []);
});
