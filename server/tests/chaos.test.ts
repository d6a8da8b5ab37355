import { defineChaosSuite } from './_chaos-suite.ts';

/** Scaling starts six pods: too much for a small machine that tests other things, too. */
defineChaosSuite({ select: ({ of, name }) => of === 'servers' && !name.startsWith('scaling') });
