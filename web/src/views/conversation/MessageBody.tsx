import { createContext, memo, type MouseEvent, useContext, useMemo } from 'react';
import { type Block, parseBody, type Span } from '../../state/markup.ts';
import type { MessageView } from '../../state/rows.ts';
import { parseOwnLink } from '../../state/links.ts';
import { useChat, useModel } from '../app/context.tsx';
import { Attachments } from '../files/Attachments.tsx';
import { LinkPreviews } from './LinkPreviews.tsx';

/** Ids of those whom the message names. */
const Mentioned = createContext<readonly string[]>([]);

export const MessageBody = memo(function MessageBody({ message }: { message: MessageView }) {
  const names = useChat((client) => message.mentions.map((id) => client.user(id)?.displayName ?? '').join('\n'));
  const { body, mentionAll } = message;
  const blocks = useMemo(() => parseBody(body, [...names.split('\n'), ...(mentionAll ? ['all'] : [])]), [body, names, mentionAll]);
  return (
    <Mentioned value={message.mentions}>
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} isLast={index === blocks.length - 1} />
      ))}
      <Attachments files={message.attachments} />
      <LinkPreviews previews={message.previews} />
    </Mentioned>
  );
});

function BlockView({ block, isLast }: { block: Block; isLast: boolean }) {
  if (block.kind === 'code')
    return (
      <pre className="my-1 overflow-x-auto rounded-sm bg-n3 px-3 py-2 font-mono text-sm whitespace-pre ring-1 ring-n6">{block.text}</pre>
    );
  const spans = block.spans.map((span, index) => <SpanView key={index} span={span} />);
  if (block.kind === 'quote')
    return <blockquote className="my-0.5 border-l-2 border-n7 pl-3 whitespace-pre-wrap text-n11">{spans}</blockquote>;
  return <p className={`whitespace-pre-wrap ${isLast ? 'inline' : ''}`}>{spans}</p>;
}

function SpanView({ span }: { span: Span }) {
  switch (span.kind) {
    case 'text':
      return span.text;
    case 'code':
      return <code className="rounded-[4px] bg-n3 px-1 py-0.5 font-mono text-[0.92em] ring-1 ring-n6">{span.text}</code>;
    case 'link':
      return <LinkView href={span.href} text={span.text} />;
    case 'mention':
      return <Mention text={span.text} />;
    case 'bold':
      return (
        <strong className="font-semibold">
          <Spans spans={span.spans} />
        </strong>
      );
    case 'italic':
      return (
        <em>
          <Spans spans={span.spans} />
        </em>
      );
    case 'strike':
      return (
        <s>
          <Spans spans={span.spans} />
        </s>
      );
    default:
      return span satisfies never;
  }
}

const chip = 'rounded-[4px] bg-a3 px-0.5 font-medium text-a11';

/** Leads to who it is, unless it is everybody. */
function Mention({ text }: { text: string }) {
  const { openPerson } = useModel();
  const ids = useContext(Mentioned);
  const userId = useChat((client) => ids.find((id) => `@${client.user(id)?.displayName}` === text));
  if (!userId) return <span className={chip}>{text}</span>;
  return (
    <button type="button" data-testid="mention" onClick={() => openPerson(userId)} className={`${chip} inline hover:underline`}>
      {text}
    </button>
  );
}

const linkLook = 'text-a11 underline decoration-a5 underline-offset-2 hover:decoration-current';

/** Links to messages of this installation lead there; all others open beside this page and learn nothing of it. */
function LinkView({ href, text }: { href: string; text: string }) {
  const model = useModel();
  const own = parseOwnLink(href, location.origin);
  if (!own)
    return (
      <a href={href} target="_blank" rel="noreferrer noopener nofollow" className={linkLook}>
        {text}
      </a>
    );
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (own.seq === undefined) model.select(own.conversationId);
    else model.goTo(own.conversationId, own.seq);
  };
  return (
    <a href={href} onClick={open} className={linkLook}>
      {text}
    </a>
  );
}

function Spans({ spans }: { spans: readonly Span[] }) {
  return spans.map((span, index) => <SpanView key={index} span={span} />);
}
