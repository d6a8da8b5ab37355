import type { WebhookEvent } from '@chatcluster/protocol';
import type { StringKey } from '../../strings.ts';
import { useText } from '../app/context.tsx';

export const eventNames = {
  message: 'eventMessage',
  edit: 'eventEdit',
  delete: 'eventDelete',
  reaction: 'eventReaction',
  pin: 'eventPin',
  member: 'eventMember',
  conversation: 'eventConversation',
} as const satisfies Record<WebhookEvent, StringKey>;

const all = Object.keys(eventNames) as WebhookEvent[];

/** Which entries an outgoing webhook tells. */
export function EventChoice({ chosen, onChange }: { chosen: readonly WebhookEvent[]; onChange: (chosen: WebhookEvent[]) => void }) {
  const { t } = useText();
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium text-n12">{t('webhookEvents')}</legend>
      <div className="grid grid-cols-2 sm:grid-cols-3">
        {all.map((kind) => (
          <label key={kind} className="flex min-h-11 items-center gap-2 text-base sm:min-h-8">
            <input
              type="checkbox"
              data-testid={`event-${kind}`}
              className="size-4 accent-a9"
              checked={chosen.includes(kind)}
              onChange={({ target }) => onChange(all.filter((one) => (one === kind ? target.checked : chosen.includes(one))))}
            />
            {t(eventNames[kind])}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
