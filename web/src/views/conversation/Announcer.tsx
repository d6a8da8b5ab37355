import { useEffect, useState } from 'react';
import { plainLine } from '../../state/markup.ts';
import { useModel, useText } from '../app/context.tsx';

/** Reads new messages of the open conversation out to those who listen to the page. */
export function Announcer({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const { client } = useModel();
  const [last, setLast] = useState<{ actorId: string; body: string }>();
  useEffect(
    () => client.on('message', ({ conversation, message }) => conversation.id === conversationId && setLast(message)),
    [client, conversationId],
  );
  return (
    <p role="status" aria-live="polite" data-testid="announcer" className="sr-only">
      {last && t('announced', { name: client.user(last.actorId)?.displayName ?? t('someone'), text: plainLine(last.body).slice(0, 300) })}
    </p>
  );
}
