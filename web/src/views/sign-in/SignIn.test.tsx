import { fireEvent, render, screen } from '@testing-library/react';
import axe from 'axe-core';
import { expect, test, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { ChatClient, Model } from '../../state/model.ts';
import { createModel } from '../../state/model.ts';
import { parsePrefs } from '../../state/prefs.ts';
import { AppProvider } from '../app/context.tsx';
import { SignIn } from './SignIn.tsx';

/** The page before signing in uses these methods and no others. */
function signedOutModel(login: ChatClient['login']): Model {
  const account = { options: () => new Promise(() => undefined) } as unknown as ChatClient['account'];
  const client: Partial<ChatClient> = {
    on: () => () => undefined,
    subscribe: () => () => undefined,
    start: () => undefined,
    login,
    account,
  };
  return createModel(client as ChatClient);
}

function show(login: ChatClient['login']) {
  const prefs = createStore(() => parsePrefs(null, 'en'));
  const model = signedOutModel(login);
  const { container } = render(
    <AppProvider model={model} prefs={prefs}>
      <SignIn />
    </AppProvider>,
  );
  fireEvent.change(screen.getByTestId('sign-in-email'), { target: { value: ' ada@example.com ' } });
  fireEvent.change(screen.getByTestId('sign-in-password'), { target: { value: 'secret' } });
  fireEvent.submit(screen.getByTestId('sign-in-submit'));
  return { model, container };
}

test('a failed sign-in says why and can be tried again', async () => {
  const { container } = show(() => Promise.reject(new TypeError('fetch failed')));
  expect((await screen.findByRole('alert', {}, { timeout: 20_000 })).textContent).toMatch(/cannot be reached/);
  expect(screen.getByTestId('sign-in-submit').hasAttribute('disabled')).toBe(false);
  const { violations } = await axe.run(container, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
  document.body.replaceChildren();
});

test('a sign-in opens the app', async () => {
  const user = { id: 'u', displayName: 'Ada', guest: false, emailVerified: true, admin: false };
  const login = vi.fn<ChatClient['login']>(() => Promise.resolve({ user, sessionId: 's' }));
  const { model } = show(login);
  await vi.waitFor(() => expect(model.view.getState().phase).toBe('signed-in'), { timeout: 20_000 });
  expect(login).toHaveBeenCalledWith({ email: 'ada@example.com', password: 'secret' });
});
