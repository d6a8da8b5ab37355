import type { ReactNode } from 'react';
import { useText } from '../app/context.tsx';

/** The card that every page before the app is on. */
export function Frame({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  const { t } = useText();
  return (
    <main className="flex h-full flex-col overflow-y-auto bg-n2 pt-[env(safe-area-inset-top)] pr-[env(safe-area-inset-right)] pb-[env(safe-area-inset-bottom)] pl-[env(safe-area-inset-left)]">
      <div className="m-auto w-full max-w-[420px] px-4 py-8">
        <div className="mb-6 flex items-center gap-3 px-1">
          <img src="/icon.svg" alt="" className="size-9" />
          <span className="text-lg font-semibold tracking-tight">{t('appName')}</span>
        </div>
        <section className="rounded-lg bg-n1 p-5 ring-1 ring-n6 sm:p-7">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {lead && <p className="mt-1 text-base text-n10">{lead}</p>}
          <div className="mt-5">{children}</div>
        </section>
      </div>
    </main>
  );
}

export function Failure({ text }: { text: string }) {
  return (
    <p role="alert" className="rounded-md bg-danger-bg px-3 py-2 text-sm text-danger">
      {text}
    </p>
  );
}

export function Note({ text }: { text: string }) {
  return (
    <p role="status" className="mb-4 rounded-md bg-warning-bg px-3 py-2 text-sm text-warning">
      {text}
    </p>
  );
}

export function TextLink({ onClick, children, testId }: { onClick: () => void; children: ReactNode; testId?: string }) {
  return (
    <button type="button" data-testid={testId} onClick={onClick} className="rounded-sm py-1 text-sm font-medium text-a11 hover:underline">
      {children}
    </button>
  );
}
