import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { ServiceError } from '../../process.ts';
import type { Entry } from './tar.ts';

/** Looked up by glibc while it runs, so that no program names them: names of services and of hosts. */
const lookedUpLater = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

/** `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, or only a path for the loader. */
function parseLdd(output: string): string[] {
  return [...output.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((found) => found[1] ?? '');
}

function loadedBy(file: string, libraryPath: string): string[] {
  const output = execFileSync('ldd', [file], { encoding: 'utf8', env: { ...process.env, LD_LIBRARY_PATH: libraryPath } });
  const missing = /^\s*(\S+) => not found/m.exec(output)?.[1];
  if (missing) throw new ServiceError(`${basename(file)} needs ${missing}, which is not on this machine`);
  return parseLdd(output);
}

/**
 * The libraries of the system that programs need, at the same paths as here, where the loader looks for them. Libraries below
 * `libraryPath` are the caller's own and left out.
 */
export function sharedLibraries(programs: string[], libraryPath = ''): Entry[] {
  const needed = new Set(programs.flatMap((file) => loadedBy(file, libraryPath)));
  const own = [...needed].filter((file) => !libraryPath || !realpathSync(file).startsWith(realpathSync(libraryPath)));
  const libc = own.find((file) => basename(file) === 'libc.so.6');
  const later = libc ? lookedUpLater.map((name) => libc.replace(/[^/]+$/, name)).filter((file) => existsSync(file)) : [];
  return [...new Set([...own, ...later])].map((file) => ({ type: 'file', path: file.slice(1), from: realpathSync(file), mode: 0o755 }));
}
