import type { Timer } from '../meters.ts';
import type { Growth } from '../soak/growth.ts';

export const timerNames: Record<Timer, string> = {
  ack: 'meant to send → acknowledged',
  delivery: 'meant to send → applied',
  remote: 'meant to send → applied, other pod',
  connect: 'first byte → session:ready',
  catchUp: 'session:ready → caught up',
  history: 'history page',
};

export const growthWords: Record<Growth['verdict'], string> = {
  flat: 'stays',
  grows: 'GROWS',
  'too short': 'too short to tell',
};

const KIB = 1_024;

/** Bytes for people; counts as they are. */
export function formatAmount(value: number, unit: Growth['unit']): string {
  if (unit === 'count') return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  return `${(value / KIB / KIB).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`;
}
