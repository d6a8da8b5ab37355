import { servePushes } from './push.ts';
import { serveShell } from './shell.ts';

declare const self: ServiceWorkerGlobalScope;
/** Filled in by the build: its id, and the files that open the app without a network. */
declare const __SHELL__: { build: string; files: string[] };

serveShell(self, __SHELL__);
servePushes(self);
