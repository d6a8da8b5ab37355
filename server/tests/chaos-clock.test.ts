import { defineChaosSuite } from './_chaos-suite.ts';

defineChaosSuite({ stage: 'with a clock to set', select: () => true });
