import { type KeyboardEvent, type PointerEvent, useEffect } from 'react';
import { clampListWidth, LIST_WIDTH } from '../../state/prefs.ts';
import { usePrefs, useText } from './context.tsx';

const KEY_STEP_PX = 16;

/** The border of the list, to be drawn with the pointer or moved with the arrows. A double click is the usual width. */
export function ListResizer() {
  const { t } = useText();
  const [{ listWidth }, change] = usePrefs();
  useEffect(() => document.documentElement.style.setProperty('--list-width', `${listWidth}px`), [listWidth]);
  const set = (width: number) => change({ listWidth: clampListWidth(width) });
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const bar = event.currentTarget;
    const offset = listWidth - event.clientX;
    bar.setPointerCapture(event.pointerId);
    const onMove = (move: globalThis.PointerEvent) => set(move.clientX + offset);
    bar.addEventListener('pointermove', onMove);
    bar.addEventListener('lostpointercapture', () => bar.removeEventListener('pointermove', onMove), { once: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -KEY_STEP_PX, ArrowRight: KEY_STEP_PX }[event.key];
    if (step === undefined || event.altKey) return;
    event.preventDefault();
    set(listWidth + step);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a separator with a value is a control
    <div
      role="separator"
      data-testid="list-resizer"
      aria-orientation="vertical"
      aria-label={t('resizeList')}
      aria-valuemin={LIST_WIDTH.min}
      aria-valuemax={LIST_WIDTH.max}
      aria-valuenow={listWidth}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDoubleClick={() => set(LIST_WIDTH.usual)}
      className="-mx-[3px] hidden w-1.5 shrink-0 cursor-col-resize touch-none hover:bg-a5 lg:z-10 lg:block"
    />
  );
}
