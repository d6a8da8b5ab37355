import type { ChatClient } from '@chatcluster/client/types';
import type { StoreApi } from 'zustand/vanilla';
import type { ViewState } from './model.ts';

/** Clients that come back after an upgrade do not all ask in the same moment. */
const SPREAD_MS = 3_000;

/** The build that the server serves now; undefined when it does not say. */
async function servedBuild(): Promise<string | undefined> {
  const answer = await fetch('/build.json', { cache: 'no-store' });
  if (!answer.ok) return undefined;
  const { build } = (await answer.json()) as { build?: unknown };
  return typeof build === 'string' ? build : undefined;
}

/**
 * Compares the page that runs here with the one that the server has, each time that a session begins: an upgrade ends every
 * connection. In the middle of a rollout either may be told; nothing is reloaded without being asked.
 */
export function createUpdateCheck(client: ChatClient, view: StoreApi<ViewState>) {
  const check = async () => {
    const build = await servedBuild();
    if (build !== undefined) view.setState({ hasUpdate: build !== __BUILD__ });
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  client.on('session:ready', () => {
    // Unreachable now: the next session asks again.
    timer ??= setTimeout(() => {
      timer = undefined;
      void check().catch(() => undefined);
    }, Math.random() * SPREAD_MS);
  });
  return { check };
}
