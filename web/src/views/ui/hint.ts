import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';

/** Who passes over it wants to read nothing. */
const HOVER_MS = 350;
/** On the way from the control to its hint. */
const LEAVE_MS = 150;
const LONG_PRESS_MS = 500;

/** A hint of a control: by mouse, by keyboard, and by a long press, which then is no click. */
export function useHint() {
  const [isOpen, setOpen] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isTouched = useRef(false);
  const wasPressed = useRef(false);
  const plan = (open: boolean, ms: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpen(open), ms);
  };
  const close = () => {
    clearTimeout(timer.current);
    setOpen(false);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!isOpen) return;
    // After a long press nothing leaves: the next touch anywhere ends it.
    const end = () => setOpen(false);
    document.addEventListener('pointerdown', end);
    return () => document.removeEventListener('pointerdown', end);
  }, [isOpen]);
  const press = () => {
    clearTimeout(timer.current);
    wasPressed.current = true;
    setOpen(true);
  };
  const control = {
    onPointerEnter: ({ pointerType }: PointerEvent) => {
      if (pointerType !== 'touch') plan(true, HOVER_MS);
    },
    onPointerLeave: ({ pointerType }: PointerEvent) => {
      if (pointerType === 'touch') clearTimeout(timer.current);
      else plan(false, LEAVE_MS);
    },
    onPointerDown: ({ pointerType }: PointerEvent) => {
      wasPressed.current = false;
      isTouched.current = pointerType === 'touch';
      if (!isTouched.current) return;
      clearTimeout(timer.current);
      timer.current = setTimeout(press, LONG_PRESS_MS);
    },
    onPointerUp: () => {
      if (!wasPressed.current) clearTimeout(timer.current);
    },
    onPointerCancel: () => clearTimeout(timer.current),
    onContextMenu: (event: { preventDefault(): void }) => {
      if (!isTouched.current) return;
      event.preventDefault();
      press();
    },
    onFocus: ({ target }: { target: Element }) => {
      if (target.matches(':focus-visible')) setOpen(true);
    },
    onBlur: close,
    onKeyDown: (event: KeyboardEvent) => {
      wasPressed.current = false;
      if (event.key !== 'Escape' || !isOpen) return;
      event.stopPropagation();
      close();
    },
  };
  /** Takes a click that ended a long press. */
  const takesClick = () => {
    const taken = wasPressed.current;
    wasPressed.current = false;
    return taken;
  };
  return { isOpen, control, takesClick, keep: () => clearTimeout(timer.current), leave: () => plan(false, LEAVE_MS) };
}
