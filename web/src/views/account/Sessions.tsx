import { useCallback, useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import { shortTime } from '../../state/format.ts';
import { deviceName, type SessionInfo } from '../../state/security.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText } from '../app/context.tsx';
import { useAttempt } from '../sign-in/attempt.ts';
import { Button } from '../ui/Button.tsx';
import { Section } from './Section.tsx';
import { ActionError } from '../ui/ActionError.tsx';

/** Where one is signed in, and how to end it there. */
export function Sessions() {
  const { t } = useText();
  const { security } = useModel();
  const [sessions, setSessions] = useState<SessionInfo[]>();
  const [failure, setFailure] = useState<StringKey>();
  const load = useCallback(() => {
    security.sessions().then(
      (found) => {
        setSessions(found);
        setFailure(undefined);
      },
      (cause: unknown) => setFailure(errorText(cause)),
    );
  }, [security]);
  useEffect(load, [load]);
  return (
    <Section title={t('sessionsTitle')}>
      <ActionError error={failure} />
      {!sessions && !failure && <div aria-busy className="skeleton h-14 rounded-md" />}
      <ul className="flex flex-col gap-1">
        {sessions?.map((session) => (
          <Session key={session.id} session={session} onEnded={load} />
        ))}
      </ul>
    </Section>
  );
}

function Session({ session, onEnded }: { session: SessionInfo; onEnded: () => void }) {
  const { t, language } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt({ not_found: 'errorUnknown' });
  const name = deviceName(session.userAgent) ?? t('sessionUnknown');
  const end = async () => {
    await security.endSession(session.id);
    onEnded();
  };
  return (
    <li data-testid="session" className="flex items-center justify-between gap-3 rounded-md py-1.5">
      <div className="min-w-0">
        <p className="truncate text-base">{name}</p>
        <p className="truncate text-sm text-n10">
          {session.current ? t('sessionThis') : t('sessionUsed', { when: shortTime(session.lastUsedAt, language) })}
          {session.address && ` · ${session.address}`}
        </p>
        <ActionError error={error} />
      </div>
      {!session.current && (
        <Button
          look="secondary"
          data-testid="session-end"
          aria-label={t('sessionEndOf', { name })}
          isBusy={isBusy}
          onClick={() => void run(end)}
        >
          {t('sessionEnd')}
        </Button>
      )}
    </li>
  );
}
