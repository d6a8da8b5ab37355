import type { InvitePreview } from '@chatcluster/protocol';
import { useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import { forgetInvite, rememberInvite } from '../../state/integrations.ts';
import type { StringKey } from '../../strings.ts';
import { type Translate, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';

type Loaded = { preview?: InvitePreview; error?: StringKey };

/** The code of the link that this page was opened by, and where it leads. */
function useInvite() {
  const { integrations } = useModel();
  const [code, setCode] = useState(() => rememberInvite(location.pathname, sessionStorage));
  const [loaded, setLoaded] = useState<Loaded>({});
  useEffect(() => {
    if (!code) return;
    let isCurrent = true;
    integrations.previewInvite(code).then(
      (preview) => isCurrent && setLoaded({ preview }),
      (cause: unknown) => isCurrent && setLoaded({ error: errorText(cause) === 'errorNetwork' ? 'errorNetwork' : 'inviteInvalid' }),
    );
    return () => {
      isCurrent = false;
    };
  }, [integrations, code]);
  const done = () => {
    forgetInvite(sessionStorage);
    setCode(undefined);
    if (location.pathname !== '/') history.replaceState(null, '', `/${location.hash}`);
  };
  return { code, ...loaded, done };
}

function describe(t: Translate, { title = t('inviteAGroup'), invitedBy }: InvitePreview): string {
  return invitedBy ? t('inviteBy', { name: invitedBy, title }) : t('inviteTo', { title });
}

/** Above the sign-in. */
export function InviteHint() {
  const { t } = useText();
  const { code, preview, error } = useInvite();
  if (!code || (!preview && !error)) return null;
  return (
    <div
      role="status"
      data-testid="invite-hint"
      className="fixed inset-x-0 top-0 z-40 border-b border-n6 bg-a3 px-4 pt-[max(12px,env(safe-area-inset-top))] pb-3 text-center text-base text-n12"
    >
      {preview ? <strong className="font-semibold">{describe(t, preview)}</strong> : t(error ?? 'inviteInvalid')}
      {preview && <span className="block text-sm text-n11">{t('inviteSignIn')}</span>}
    </div>
  );
}

/** For somebody who is signed in. */
export function InviteDialog() {
  const { t } = useText();
  const { enter } = useModel();
  const { code, preview, error, done } = useInvite();
  const [failure, setFailure] = useState<StringKey>();
  const [isBusy, setBusy] = useState(false);
  if (!code || (!preview && !error)) return null;
  const join = () => {
    setBusy(true);
    enter((client) => client.acceptInvite(code)).then(done, (cause: unknown) => {
      setBusy(false);
      setFailure(errorText(cause));
    });
  };
  return (
    <Modal title={t('inviteTitle')} onClose={done}>
      <div data-testid="invite-dialog" className="flex flex-col gap-3 px-5 pb-5 text-base text-n11">
        {preview ? (
          <>
            <p className="text-lg font-semibold text-n12">{describe(t, preview)}</p>
            <p>
              {t('inviteMembers', { count: preview.memberCount })}
              {preview.topic ? ` · ${preview.topic}` : ''}
            </p>
            {failure && (
              <p role="alert" className="text-danger">
                {t(failure)}
              </p>
            )}
            <Button data-testid="accept-invite" isBusy={isBusy} onClick={join}>
              {t('inviteJoin')}
            </Button>
          </>
        ) : (
          <p role="alert">{t(error ?? 'inviteInvalid')}</p>
        )}
      </div>
    </Modal>
  );
}
