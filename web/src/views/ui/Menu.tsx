import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement, ReactNode } from 'react';

type Props = { trigger: ReactElement; children: ReactNode; onOpenChange?: (isOpen: boolean) => void };

export function Menu({ trigger, children, onOpenChange }: Props) {
  return (
    <Base.Root modal={false} onOpenChange={(open) => onOpenChange?.(open)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-50">
          <Base.Popup className="pop min-w-44 rounded-md bg-n1 p-1 shadow-float outline-none">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  icon,
  children,
  onSelect,
  isDanger = false,
}: {
  icon?: ReactNode;
  children: ReactNode;
  onSelect: () => void;
  isDanger?: boolean;
}) {
  const look = isDanger ? 'text-danger data-[highlighted]:bg-danger-bg' : 'text-n12 data-[highlighted]:bg-n3';
  return (
    <Base.Item
      onClick={onSelect}
      className={`flex min-h-11 cursor-pointer items-center gap-2.5 rounded-sm px-2.5 text-base outline-none select-none sm:min-h-8 ${look}`}
    >
      {icon}
      {children}
    </Base.Item>
  );
}
