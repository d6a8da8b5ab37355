import { useView } from '../app/context.tsx';
import { PinsPanel } from './PinsPanel.tsx';
import { ThreadPanel } from './ThreadPanel.tsx';

/** What lies beside a conversation, other than its details. */
export function Panels({ conversationId }: { conversationId: string }) {
  const panel = useView((view) => view.panel);
  if (panel?.kind === 'pins') return <PinsPanel conversationId={conversationId} />;
  return panel ? <ThreadPanel key={panel.rootId} conversationId={conversationId} rootId={panel.rootId} /> : null;
}
