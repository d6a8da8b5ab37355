import { type FormEvent, type ReactNode, useId } from 'react';
import { useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';

export function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex flex-col gap-3">
      <div>
        <h3 id={id} className="text-base font-semibold">
          {title}
        </h3>
        {lead && <p className="mt-0.5 text-sm text-n10">{lead}</p>}
      </div>
      {children}
    </section>
  );
}

type FormProps = {
  onSubmit: () => void;
  onCancel?: () => void;
  action: string;
  error?: string;
  isBusy: boolean;
  children: ReactNode;
  testId: string;
};

export function SectionForm({ onSubmit, onCancel, action, error, isBusy, children, testId }: FormProps) {
  const { t } = useText();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {children}
      {error && (
        <p role="alert" className="rounded-md bg-danger-bg px-3 py-2 text-sm text-danger">
          {error}
        </p>
      )}
      <div className="flex justify-end gap-2">
        {onCancel && (
          <Button look="secondary" onClick={onCancel}>
            {t('cancel')}
          </Button>
        )}
        <Button type="submit" data-testid={testId} isBusy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  );
}

export function Done({ text }: { text: string }) {
  return (
    <p role="status" className="rounded-md bg-n3 px-3 py-2 text-sm text-n12">
      {text}
    </p>
  );
}
