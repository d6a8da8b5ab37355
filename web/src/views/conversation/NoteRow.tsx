import { memo } from 'react';
import { clockTime, fullTime } from '../../state/format.ts';
import type { NoteLine } from '../../state/notes.ts';
import { useChat, useText } from '../app/context.tsx';
import { noteText } from './note-text.ts';

type Props = { line: NoteLine; conversationId: string };

/** A quiet line: nobody is called to it, and nothing can be done with it. */
export const NoteRow = memo(function NoteRow({ line, conversationId }: Props) {
  const { t, language } = useText();
  const text = useChat((client) => noteText(client, t, conversationId, line));
  return (
    <p data-testid="note" className="py-1 pr-4 pl-16 text-xs text-n10 wrap-anywhere sm:pr-5 sm:pl-17">
      {text}
      <time dateTime={line.at} title={fullTime(line.at, language)} className="ml-1.5 tabular-nums">
        {clockTime(line.at, language)}
      </time>
    </p>
  );
});
