import type { Timer } from '../meters.ts';

export const timerNames: Record<Timer, string> = {
  ack: 'meant to send → acknowledged',
  delivery: 'meant to send → applied',
  remote: 'meant to send → applied, other pod',
  connect: 'first byte → session:ready',
  catchUp: 'session:ready → caught up',
  history: 'history page',
};
