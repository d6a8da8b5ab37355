import { type ComponentProps, useId } from 'react';

type Props = ComponentProps<'input'> & { label: string; hint?: string };

const box =
  'w-full rounded-md bg-n1 px-3 text-lg text-n12 ring-1 ring-inset ring-n7 transition-shadow outline-none hover:ring-n8 focus:ring-2 focus:ring-a9 sm:text-base';

export function Field({ label, hint, className = '', ...input }: Props) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-sm font-medium text-n12">
        {label}
      </label>
      <input id={id} {...input} aria-describedby={hint ? `${id}-hint` : undefined} className={`${box} h-11 sm:h-10`} />
      {hint && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-n10">
          {hint}
        </p>
      )}
    </div>
  );
}

/** An input whose name is its placeholder, for filters. */
export function SearchField({ label, ...input }: ComponentProps<'input'> & { label: string }) {
  return <input type="search" aria-label={label} placeholder={label} {...input} className={`${box} h-11 shrink-0 sm:h-9`} />;
}
