import { defineChaosSuite } from './_chaos-suite.ts';

/** Half-open TCP takes the 30 s that pings need to find out; a slow machine needs as long to flood a slow reader. */
defineChaosSuite({ select: ({ of, name }) => of !== 'servers' && !/^(half-open|slow readers)/.test(name) });
