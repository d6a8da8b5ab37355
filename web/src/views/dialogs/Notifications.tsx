import type { NotificationSettings } from '@chatcluster/protocol';
import { Bell, BellOff } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { fullTime } from '../../state/format.ts';
import type { PushState } from '../../state/push.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useAction } from './lookup.ts';
import { ActionError } from '../ui/ActionError.tsx';

/** What one is told of on this device, by mail, and when not. */
export function Notifications({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const { client } = useModel();
  const { error, run } = useAction();
  const [settings, setSettings] = useState<NotificationSettings>();
  useEffect(() => {
    let isCurrent = true;
    client.rest.notificationSettings().then(
      (found) => isCurrent && setSettings(found),
      () => undefined, // The device's part works all the same.
    );
    return () => {
      isCurrent = false;
    };
  }, [client]);
  const save = (part: Partial<NotificationSettings>) => run(async () => setSettings(await client.rest.updateNotificationSettings(part)));
  return (
    <Modal title={t('notificationSettings')} onClose={onClose}>
      <div data-testid="notification-settings" className="flex flex-col gap-5 overflow-y-auto px-5 pb-5">
        <Device />
        {settings && <Pause settings={settings} save={save} />}
        {settings && <QuietHours settings={settings} save={save} />}
        {settings && (
          <div className="flex flex-col gap-1">
            <Check label={t('previews')} isOn={settings.previews} onChange={(previews) => save({ previews })} />
            <Check label={t('mailMissed')} isOn={settings.mail} onChange={(mail) => save({ mail })} />
          </div>
        )}
        <ActionError error={error} />
      </div>
    </Modal>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <h3 className="text-sm font-medium text-n11">{title}</h3>
      {children}
    </section>
  );
}

function Check({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label className="flex min-h-11 items-center gap-2.5 text-base sm:min-h-9">
      <input type="checkbox" checked={isOn} onChange={({ target }) => onChange(target.checked)} className="size-4 shrink-0 accent-a9" />
      {label}
    </label>
  );
}

function Device() {
  const { t } = useText();
  const { push } = useModel();
  const { isBusy, error, run } = useAction();
  const [state, setState] = useState<PushState>();
  useEffect(() => void push.state().then(setState, () => setState('unsupported')), [push]);
  const toggle = () => run(async () => setState(await (state === 'on' ? push.disable() : push.enable())));
  return (
    <Section title={t('pushDevice')}>
      <p className="text-sm text-n10">
        {t(state === 'blocked' ? 'pushBlocked' : state === 'unsupported' ? 'pushUnsupported' : 'pushLead')}
      </p>
      {(state === 'on' || state === 'off') && (
        <Button
          look={state === 'on' ? 'secondary' : 'primary'}
          data-testid="push-toggle"
          data-state={state}
          isBusy={isBusy}
          onClick={toggle}
        >
          {state === 'on' ? <BellOff className="size-4" /> : <Bell className="size-4" />}
          {t(state === 'on' ? 'pushOff' : 'pushOn')}
        </Button>
      )}
      <ActionError error={error} />
    </Section>
  );
}

type PartProps = { settings: NotificationSettings; save: (part: Partial<NotificationSettings>) => void };

function tomorrowMorning(): Date {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(8, 0, 0, 0);
  return at;
}

function Pause({ settings, save }: PartProps) {
  const { t, language } = useText();
  const until = (at: Date) => save({ quietUntil: at.toISOString() });
  return (
    <Section title={t('pauseNow')}>
      {settings.quietUntil ? (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <p className="text-base">{t('pausedUntil', { time: fullTime(settings.quietUntil, language) })}</p>
          <Button look="secondary" onClick={() => save({ quietUntil: null })}>
            {t('pauseEnd')}
          </Button>
        </div>
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button look="secondary" data-testid="pause-hour" onClick={() => until(new Date(Date.now() + 3_600_000))}>
            {t('pauseHour')}
          </Button>
          <Button look="secondary" onClick={() => until(tomorrowMorning())}>
            {t('pauseMorning')}
          </Button>
        </div>
      )}
    </Section>
  );
}

function QuietHours({ settings, save }: PartProps) {
  const { t } = useText();
  const hours = settings.quietHours;
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const set = (part: { from?: string; to?: string }) => {
    const next = { from: '22:00', to: '07:00', ...hours, ...part, timeZone };
    // An emptied field is not a time yet.
    if (next.from && next.to) save({ quietHours: next });
  };
  return (
    <Section title={t('quietHours')}>
      <Check label={t('quietHours')} isOn={hours !== null} onChange={(isOn) => (isOn ? set({}) : save({ quietHours: null }))} />
      {hours && (
        <div className="flex flex-wrap gap-4">
          <Time label={t('quietFrom')} value={hours.from} onChange={(from) => set({ from })} />
          <Time label={t('quietTo')} value={hours.to} onChange={(to) => set({ to })} />
        </div>
      )}
    </Section>
  );
}

function Time({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="flex items-center gap-2 text-base text-n11">
      {label}
      <input
        type="time"
        required
        value={value}
        onChange={({ target }) => onChange(target.value)}
        className="h-11 rounded-md bg-n1 px-2 text-lg text-n12 ring-1 ring-n7 ring-inset sm:h-9 sm:text-base"
      />
    </label>
  );
}
