import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';

/** Something to take along. Where the clipboard may not be written (plain HTTP) the text is selected instead. */
export function CopyField({ label, value, testId }: { label: string; value: string; testId: string }) {
  const { t } = useText();
  const [isCopied, setCopied] = useState(false);
  const copy = (field: HTMLInputElement | null) => {
    field?.select();
    navigator.clipboard?.writeText(value).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div className="flex items-center gap-2">
      <input
        readOnly
        aria-label={label}
        data-testid={testId}
        value={value}
        onFocus={(event) => event.target.select()}
        className="h-11 min-w-0 flex-1 rounded-md bg-n2 px-3 font-mono text-sm text-n12 ring-1 ring-n7 ring-inset sm:h-9"
      />
      <Button look="secondary" onClick={(event) => copy(event.currentTarget.parentElement?.querySelector('input') ?? null)}>
        {isCopied ? <Check className="size-4" /> : <Copy className="size-4" />}
        {t(isCopied ? 'valueCopied' : 'copyValue')}
      </Button>
    </div>
  );
}
