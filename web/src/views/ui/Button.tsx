import type { ComponentProps, ReactNode } from 'react';

const looks = {
  primary: 'bg-a9 text-on-accent hover:bg-a10 disabled:opacity-50',
  secondary: 'bg-n1 text-n12 ring-1 ring-inset ring-n7 hover:bg-n3 disabled:opacity-50',
  ghost: 'text-n11 hover:bg-n3 hover:text-n12 disabled:opacity-50',
  danger: 'bg-danger-solid text-on-accent hover:bg-danger-pressed disabled:opacity-50',
} as const;

type Props = ComponentProps<'button'> & { look?: keyof typeof looks; isBusy?: boolean };

export function Button({ look = 'primary', isBusy = false, className = '', children, disabled, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={`inline-flex h-11 items-center justify-center gap-2 rounded-md px-4 text-base font-medium whitespace-nowrap transition-colors sm:h-9 sm:px-3 ${looks[look]} ${className}`}
    >
      {isBusy && (
        <span className="dots flex gap-1" aria-hidden>
          <i className="size-1 rounded-full bg-current" />
          <i className="size-1 rounded-full bg-current" />
          <i className="size-1 rounded-full bg-current" />
        </span>
      )}
      {children}
    </button>
  );
}

type IconProps = ComponentProps<'button'> & { label: string; children: ReactNode; size?: 'sm' | 'md' };

/** A button with a name that is heard and, on hover, seen. */
export function IconButton({ label, size = 'md', className = '', children, ...rest }: IconProps) {
  const box = size === 'sm' ? 'size-11 sm:size-7' : 'size-11 sm:size-9';
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={`inline-flex shrink-0 items-center justify-center rounded-md text-n11 transition-colors hover:bg-n3 hover:text-n12 disabled:opacity-40 disabled:hover:bg-transparent ${box} ${className}`}
    >
      {children}
    </button>
  );
}
