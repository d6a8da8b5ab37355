import { Check, CheckCheck, CircleAlert, Clock, CloudUpload } from 'lucide-react';
import type { OwnState } from '../../state/rows.ts';
import type { StringKey } from '../../strings.ts';
import { useText } from '../app/context.tsx';

const looks = {
  sending: { Icon: Clock, text: 'stateSending', className: 'text-n10' },
  queued: { Icon: CloudUpload, text: 'stateQueued', className: 'text-n10' },
  sent: { Icon: Check, text: 'stateSent', className: 'text-n10' },
  delivered: { Icon: CheckCheck, text: 'stateDelivered', className: 'text-n10' },
  read: { Icon: CheckCheck, text: 'stateRead', className: 'text-a11 stroke-[2.6]' },
  failed: { Icon: CircleAlert, text: 'stateFailed', className: 'text-danger' },
} as const satisfies Record<OwnState, { Icon: typeof Check; text: StringKey; className: string }>;

export function StateIcon({ state }: { state: OwnState }) {
  const { t } = useText();
  const { Icon, text, className } = looks[state];
  return (
    <span role="img" title={t(text)} aria-label={t(text)} className={`flex h-5 shrink-0 items-center ${className}`}>
      <Icon className="size-3.5" aria-hidden />
    </span>
  );
}
