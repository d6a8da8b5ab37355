export { runLoad, type RunOptions, type RunResult } from './run.ts';
export { createReport, type Report } from './report/create.ts';
export { parseSettings, type Settings } from './settings.ts';
export { findTarget, type Target } from './target.ts';
