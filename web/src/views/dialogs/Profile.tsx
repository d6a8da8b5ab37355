import type { PresenceSetting } from '@chatcluster/protocol';
import { Bell, Download, KeyRound, LogOut, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useChat, useModel, usePrefs, useText, useView } from '../app/context.tsx';
import { AvatarField } from '../files/AvatarField.tsx';
import { BlockedPeople } from '../safety/SafetyActions.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { AccountData } from './AccountData.tsx';
import { ProfileForm } from './ProfileForm.tsx';

export function Profile({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const { account, set } = useModel();
  const me = useChat((client) => client.me());
  const [prefs, change] = usePrefs();
  return (
    <Modal title={t('profile')} onClose={onClose}>
      <div className="flex flex-col gap-4 overflow-y-auto px-5 pb-5 *:shrink-0">
        <div className="flex items-center gap-4 pb-1">
          <Avatar userId={me?.id ?? ''} size="xl" />
          <div className="min-w-0">
            <p className="truncate text-lg font-semibold">{me?.displayName}</p>
            <p className="truncate text-sm text-n10">{me?.email ?? t('guestTag')}</p>
          </div>
        </div>
        <AvatarField />
        <ProfileForm />
        <Status />
        <Choice
          label={t('theme')}
          name="theme"
          value={prefs.theme}
          onChange={(theme) => change({ theme })}
          options={{ system: t('themeSystem'), light: t('themeLight'), dark: t('themeDark') }}
        />
        <Choice
          label={t('density')}
          name="density"
          value={prefs.density}
          onChange={(density) => change({ density })}
          options={{ comfortable: t('comfortable'), compact: t('compact') }}
        />
        <Choice
          label={t('enterKey')}
          name="enter"
          value={prefs.enter}
          onChange={(enter) => change({ enter })}
          options={{ send: t('enterSends'), newline: t('enterBreaks') }}
        />
        <Choice
          label={t('language')}
          name="language"
          value={prefs.language}
          onChange={(language) => change({ language })}
          options={{ en: 'English', de: 'Deutsch' }}
        />
        <Button look="secondary" data-testid="open-account" onClick={() => set({ dialog: 'account' })}>
          <KeyRound className="size-4" />
          {t(me?.guest ? 'upgradeTitle' : 'accountTitle')}
        </Button>
        <Button look="secondary" data-testid="open-notifications" onClick={() => set({ dialog: 'notifications' })}>
          <Bell className="size-4" />
          {t('notificationSettings')}
        </Button>
        <BlockedPeople />
        {me?.admin && (
          <Button look="secondary" data-testid="open-admin-profile" onClick={() => set({ dialog: undefined, isAdminOpen: true })}>
            <ShieldCheck className="size-4" />
            {t('administration')}
          </Button>
        )}
        <InstallButton />
        <Button look="secondary" data-testid="sign-out" onClick={() => void account.logout().catch(() => undefined)} className="mt-1">
          <LogOut className="size-4" />
          {t('signOut')}
        </Button>
        <AccountData />
      </div>
    </Modal>
  );
}

/** Shown where the browser offers it and it is not done yet. */
function InstallButton() {
  const { t } = useText();
  const { set } = useModel();
  const install = useView((view) => view.install);
  if (!install) return null;
  const ask = () => {
    set({ install: undefined });
    void install.prompt().catch(() => undefined);
  };
  return (
    <Button look="secondary" data-testid="install" onClick={ask} className="mt-1">
      <Download className="size-4" />
      {t('install')}
    </Button>
  );
}

function Status() {
  const { t } = useText();
  const { client } = useModel();
  const shown = useChat((chat) => chat.presence(chat.me()?.id ?? '')?.status);
  const [status, setStatus] = useState<PresenceSetting>(shown === 'away' || shown === 'dnd' ? shown : 'online');
  const change = (next: PresenceSetting) => {
    setStatus(next);
    void client.setPresence(next).catch(() => setStatus(status));
  };
  return (
    <Choice
      label={t('status')}
      name="status"
      value={status}
      onChange={change}
      options={{ online: t('online'), away: t('away'), dnd: t('dnd'), invisible: t('invisible') }}
    />
  );
}

type ChoiceProps<T extends string> = { label: string; name: string; value: T; options: Record<T, string>; onChange: (value: T) => void };

/** A row of choices of which one holds. */
function Choice<T extends string>({ label, name, value, options, onChange }: ChoiceProps<T>) {
  const keys = Object.keys(options) as T[];
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium text-n11">{label}</legend>
      <div className="flex flex-wrap gap-1 rounded-md bg-n3 p-1">
        {keys.map((key) => (
          <label
            key={key}
            className="flex min-h-11 flex-1 cursor-pointer items-center justify-center rounded-sm px-2 text-center text-sm font-medium text-n11 has-checked:bg-n1 has-checked:text-n12 has-checked:ring-1 has-checked:ring-n6 has-focus-visible:outline-2 has-focus-visible:outline-a9 sm:min-h-8"
          >
            <input type="radio" name={name} value={key} checked={key === value} onChange={() => onChange(key)} className="sr-only" />
            {options[key]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
