import { useEffect, useState } from 'react';
import { plainLine } from '../../state/markup.ts';
import { announceLines, type NoteLine } from '../../state/notes.ts';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { noteText } from './note-text.ts';

type News = { actorId: string; body: string } | readonly NoteLine[];

const isLines = (news: News): news is readonly NoteLine[] => Array.isArray(news);

/** Reads what is new in the open conversation out to those who listen to the page. */
export function Announcer({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { client } = useModel();
  const [last, setLast] = useState<News>([]);
  useEffect(
    () => client.on('message', ({ conversation, message }) => conversation.id === conversationId && setLast(message)),
    [client, conversationId],
  );
  useEffect(
    () =>
      client.on('note', ({ conversation, note }) => {
        if (conversation.id === conversationId) setLast((before) => announceLines(isLines(before) ? before : [], note));
      }),
    [client, conversationId],
  );
  const notes = useChat((chat) => (isLines(last) ? last.map((line) => noteText(chat, t, conversationId, line)).join('. ') : ''));
  const name = useUserName(isLines(last) ? undefined : last.actorId);
  return (
    <p role="status" aria-live="polite" data-testid="announcer" className="sr-only">
      {isLines(last) ? notes : t('announced', { name, text: plainLine(last.body).slice(0, 300) })}
    </p>
  );
}
