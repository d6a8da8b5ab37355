import { defineChaosSuite } from './_chaos-suite.ts';

/** Half-open TCP takes the 30 s that pings need to find out. */
defineChaosSuite({ select: ({ of, name }) => of !== 'servers' && !name.startsWith('half-open') });
