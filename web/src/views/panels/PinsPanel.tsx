import { Pin, TriangleAlert } from 'lucide-react';
import { viewsOf } from '../../state/rows.ts';
import { useChat, useModel, usePrefs, useText } from '../app/context.tsx';
import { MessageRow } from '../conversation/MessageRow.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { Panel } from './Panel.tsx';
import { useOpenedList } from './opened-list.ts';

export function PinsPanel({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const model = useModel();
  const [{ density }] = usePrefs();
  const meId = useChat((client) => client.me()?.id) ?? '';
  const { messages, loaded } = useChat((client) => client.panels.pins(conversationId));
  const { hasFailed, load } = useOpenedList(() => model.client.panels.openPins(conversationId));
  return (
    <Panel title={t('pins')} testId="pins-panel">
      {!loaded && hasFailed && (
        <Empty icon={TriangleAlert} title={t('loadFailed')}>
          <Button look="secondary" onClick={load}>
            {t('tryAgain')}
          </Button>
        </Empty>
      )}
      {loaded && messages.length === 0 && <Empty icon={Pin} title={t('pinsEmpty')} lead={t('pinsEmptyLead')} />}
      <ul data-scroller className="min-h-0 flex-1 overflow-y-auto pb-4">
        {viewsOf(messages, [], meId).map((message) => (
          <li key={message.key} className="border-b border-n6 pb-2">
            <MessageRow message={message} isFirst isInPanel conversationId={conversationId} density={density} />
            <Button
              look="ghost"
              data-testid="go-to-pin"
              className="ml-14 text-a11!"
              onClick={() => model.goTo(conversationId, message.seq ?? 0)}
            >
              {t('goToMessage')}
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
