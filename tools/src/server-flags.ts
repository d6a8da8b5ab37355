/**
 * How Node runs the server, wherever it is started: V8 reads it before the program. Its young generation would grow to 128 MiB
 * and stay there; with 32 a message costs as much processor time, and a pod is up to 100 MiB smaller (docs/benchmarks).
 */
export const serverNodeFlags = '--max-semi-space-size=16';

/**
 * What glibc reads when the server starts: threads beyond the second share an arena of malloc. By default each gets one of its own,
 * up to eight per core, and what is freed in one is no use to the others.
 */
export const serverMalloc = { MALLOC_ARENA_MAX: '2' };
