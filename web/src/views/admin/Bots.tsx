import type { Bot } from '@chatcluster/protocol';
import { Ban, KeyRound, RotateCcw, Trash2 } from 'lucide-react';
import { type FormEvent, useCallback, useState } from 'react';
import { shortTime } from '../../state/format.ts';
import { useModel, useText } from '../app/context.tsx';
import { ShownOnce } from '../integrations/ShownOnce.tsx';
import { useList } from '../integrations/use-list.ts';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { Field } from '../ui/Field.tsx';
import { List, RowText } from './List.tsx';

type Row = Bot & { id: string };
type Asked = { what: 'token' | 'suspend' | 'remove'; bot: Bot };
type Token = { name: string; token: string };

/** Users for programs: made here, with a token that is shown once. */
export function Bots() {
  const { t } = useText();
  const { client } = useModel();
  const { rest } = client;
  const load = useCallback(
    async (): Promise<Row[]> => (await rest.bots()).items.map((bot) => Object.assign(bot, { id: bot.user.id })),
    [rest],
  );
  const { items, error, isBusy, run } = useList(load);
  const [token, setToken] = useState<Token>();
  const [asked, setAsked] = useState<Asked>();
  const renew = async ({ user }: Bot) => setToken({ name: user.displayName, token: (await rest.renewBotToken(user.id)).token });
  const lift = async (bot: Bot) => {
    await rest.admin.updateUser(bot.user.id, { suspended: false });
    await renew(bot);
  };
  const make = (displayName: string) => run(async () => setToken({ name: displayName, token: (await rest.createBot(displayName)).token }));
  return (
    <div className="flex max-w-[860px] flex-col gap-4">
      <p className="text-base text-n11">{t('botsLead')}</p>
      <NewBot isBusy={isBusy} onMake={make} />
      {token && <ShownOnce label={t('botToken', { name: token.name })} value={token.token} testId="bot-token" />}
      <List pages={{ items, error }} testId="admin-bot-list" empty={t('botNone')}>
        {(bot) => <BotRow bot={bot} onAsk={(what) => setAsked({ what, bot })} onLift={() => run(() => lift(bot))} />}
      </List>
      {asked && <Ask asked={asked} onClose={() => setAsked(undefined)} run={run} onRenew={renew} />}
    </div>
  );
}

function NewBot({ isBusy, onMake }: { isBusy: boolean; onMake: (name: string) => void }) {
  const { t } = useText();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onMake(name.trim());
    setName('');
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-2">
      <Field
        className="min-w-0 flex-1 sm:max-w-80"
        label={t('botName')}
        data-testid="bot-name"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" data-testid="make-bot" isBusy={isBusy} disabled={name.trim() === ''} className="sm:h-10">
        {t('botMake')}
      </Button>
    </form>
  );
}

function BotRow({ bot, onAsk, onLift }: { bot: Bot; onAsk: (what: Asked['what']) => void; onLift: () => void }) {
  const { t, language } = useText();
  const { user, createdAt, lastUsedAt, suspendedAt } = bot;
  const used = lastUsedAt ? t('botLastUsed', { when: shortTime(lastUsedAt, language) }) : t('botNeverUsed');
  return (
    <>
      <RowText title={user.displayName} tags={suspendedAt ? [t('suspended')] : []}>
        {t('botMadeOn', { when: shortTime(createdAt, language) })} · {used}
      </RowText>
      {suspendedAt ? (
        <Button look="secondary" data-testid="lift-bot" onClick={onLift}>
          <RotateCcw className="size-4" />
          {t('unsuspend')}
        </Button>
      ) : (
        <>
          <Button look="secondary" data-testid="renew-bot" onClick={() => onAsk('token')}>
            <KeyRound className="size-4" />
            {t('botNewToken')}
          </Button>
          <Button look="ghost" data-testid="suspend-bot" onClick={() => onAsk('suspend')}>
            <Ban className="size-4" />
            {t('suspend')}
          </Button>
        </>
      )}
      <Button look="ghost" data-testid="remove-bot" className="text-danger!" onClick={() => onAsk('remove')}>
        <Trash2 className="size-4" />
        {t('botRemove')}
      </Button>
    </>
  );
}

type AskProps = { asked: Asked; onClose: () => void; run: (change: () => Promise<unknown>) => void; onRenew: (bot: Bot) => Promise<void> };

const questions = {
  token: { title: 'botNewTokenTitle', lead: 'botNewTokenLead', action: 'botNewToken' },
  suspend: { title: 'suspendName', lead: 'botSuspendLead', action: 'suspend' },
  remove: { title: 'botRemoveTitle', lead: 'botRemoveLead', action: 'botRemove' },
} as const;

function Ask({ asked: { what, bot }, onClose, run, onRenew }: AskProps) {
  const { t } = useText();
  const { rest } = useModel().client;
  const { id, displayName: name } = bot.user;
  const changes = {
    token: () => onRenew(bot),
    suspend: () => rest.admin.updateUser(id, { suspended: true }),
    remove: () => rest.deleteBot(id),
  };
  const confirm = async () => {
    await changes[what]();
    // Only reads the list again.
    run(() => Promise.resolve());
  };
  const { title, lead, action } = questions[what];
  return <Confirm title={t(title, { name })} lead={t(lead)} action={t(action)} onConfirm={confirm} onClose={onClose} />;
}
