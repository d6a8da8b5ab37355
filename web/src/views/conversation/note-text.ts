import type { Role } from '@chatcluster/protocol';
import type { ChatClient } from '../../state/model.ts';
import type { NoteLine } from '../../state/notes.ts';
import type { StringKey } from '../../strings.ts';
import type { Translate } from '../app/context.tsx';
import { roleNames } from '../people/role-names.ts';
import { namesText } from './names.ts';

const isRole = (value: string): value is Role => Object.hasOwn(roleNames, value);

export function noteText(client: ChatClient, t: Translate, conversationId: string, line: NoteLine): string {
  const nameOf = (userId: string) => client.user(userId)?.displayName ?? t('someone');
  const kind = client.conversation(conversationId).conversation?.kind;
  return t(textOf(line, kind === 'channel'), {
    actor: nameOf(line.actorId),
    names: namesText(t, nameOf, line.userIds),
    value: isRole(line.value) && line.what === 'role' ? t(roleNames[line.value]) : line.value,
  });
}

function textOf({ what, userIds }: NoteLine, isChannel: boolean): StringKey {
  const isOne = userIds.length === 1;
  switch (what) {
    case 'joined':
      // A group cannot be found: who comes in by themselves has a link.
      if (isChannel) return isOne ? 'noteJoined' : 'noteJoinedMany';
      return isOne ? 'noteJoinedByLink' : 'noteJoinedByLinkMany';
    case 'left':
      return isOne ? 'noteLeft' : 'noteLeftMany';
    case 'titled':
      return isChannel ? 'noteTitledChannel' : 'noteTitled';
    default:
      return texts[what];
  }
}

const texts = {
  added: 'noteAdded',
  removed: 'noteRemoved',
  role: 'noteRole',
  described: 'noteDescribed',
  undescribed: 'noteUndescribed',
  archived: 'noteArchived',
  unarchived: 'noteUnarchived',
} as const satisfies Partial<Record<NoteLine['what'], StringKey>>;
