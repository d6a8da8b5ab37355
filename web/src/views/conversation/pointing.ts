import { type FocusEvent, type PointerEvent, useCallback, useEffect, useRef } from 'react';
import { useModel, useView } from '../app/context.tsx';

/**
 * Whether this is the row that was pointed at last: by the mouse, a finger, or the keyboard. One row at a time has a toolbar, also while
 * the mouse rests on one and the keyboard is at another; and a hundred of them would cost more than all the messages.
 */
export function usePointedAt(row: string) {
  const { view } = useModel();
  const isActive = useView(({ pointedAt }) => pointedAt === row);
  const isTouched = useRef(false);
  const enter = () => {
    if (view.getState().pointedAt !== row) view.setState({ pointedAt: row });
  };
  const leave = useCallback(() => {
    if (view.getState().pointedAt === row) view.setState({ pointedAt: undefined });
  }, [view, row]);
  useEffect(() => leave, [leave]);
  return {
    isActive,
    onPointerDown: ({ pointerType }: PointerEvent) => void (isTouched.current = pointerType === 'touch'),
    // Not "enter": React leaves that out when what lay over the row before was taken away, such as the pill. A finger is nowhere
    // between two taps, so its row is the one that takes the focus, or has it already.
    onPointerOver: ({ pointerType }: PointerEvent) => {
      if (pointerType !== 'touch') enter();
    },
    onPointerLeave: ({ pointerType }: PointerEvent) => {
      if (pointerType !== 'touch') leave();
    },
    onClick: () => {
      if (isTouched.current) enter();
    },
    onFocus: ({ target }: FocusEvent) => {
      if (isTouched.current || target.matches(':focus-visible')) enter();
    },
    onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
      if (!currentTarget.contains(relatedTarget)) leave();
    },
  };
}
