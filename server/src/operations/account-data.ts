import { ChatError } from '@chatcluster/protocol/errors';
import { listMemberships, listOwnMessages } from '../store/sql/account-erasure.ts';
import { listOwn, loadOwnRecord } from '../store/sql/account-export.ts';
import type { Store } from '../store/store.ts';

const PAGE = 500;

/**
 * Everything that this installation keeps about a person, as one JSON document in pieces: it is written while it is read, so
 * that its size does not matter. Throws before the first piece when there is no such person.
 */
export function createExport({ read }: Pick<Store, 'read'>) {
  async function* messages(userId: string): AsyncGenerator<object> {
    for (const { conversationId } of await read((db) => listMemberships(db, userId))) {
      for (let afterSeq = 0, more = true; more; ) {
        const page = await read((db) => listOwnMessages(db, { userId, conversationId, afterSeq, limit: PAGE }));
        for (const message of page) yield { conversationId, ...message };
        afterSeq = page.at(-1)?.seq ?? afterSeq;
        more = page.length === PAGE;
      }
    }
  }

  async function* document(userId: string, profile: object): AsyncGenerator<string> {
    yield `{"exportedAt":${JSON.stringify(new Date().toISOString())},\n"profile":${JSON.stringify(profile)}`;
    for (const what of ['sessions', 'conversations', 'files'] as const) {
      yield `,\n"${what}":${JSON.stringify(await read((db) => listOwn(db, userId, what)))}`;
    }
    yield ',\n"messages":[';
    let separator = '\n';
    for await (const message of messages(userId)) {
      yield separator + JSON.stringify(message);
      separator = ',\n';
    }
    yield ']}\n';
  }

  return async (userId: string): Promise<AsyncGenerator<string>> => {
    const profile = await read((db) => loadOwnRecord(db, userId));
    if (profile === null) throw new ChatError('not_found');
    return document(userId, profile);
  };
}
export type ExportAccount = ReturnType<typeof createExport>;
