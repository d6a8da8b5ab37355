import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

type Props = { icon: LucideIcon; title: string; lead?: string; children?: ReactNode };

export function Empty({ icon: Icon, title, lead, children }: Props) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center px-6 py-10 text-center">
      <span className="mb-4 flex size-14 items-center justify-center rounded-lg bg-a3 text-a11">
        <Icon className="size-6" strokeWidth={1.75} />
      </span>
      <p className="text-lg font-semibold text-n12">{title}</p>
      {lead && <p className="mt-1 max-w-[34ch] text-base text-n10">{lead}</p>}
      {children && <div className="mt-5 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}
