import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from '../file-lock.ts';
import { ServiceError } from '../process.ts';
import { root } from './settings.ts';

const sources = ['web/{src,public,build}/**/*', 'web/*.{html,ts,json}', 'client/src/**/*.ts', 'protocol/src/**/*.ts', 'package-lock.json'];

function isBuildable(): boolean {
  const file = join(root, 'web/package.json');
  return (
    existsSync(file) &&
    existsSync(join(root, 'web/index.html')) &&
    'build' in ((JSON.parse(readFileSync(file, 'utf8')) as { scripts?: object }).scripts ?? {})
  );
}

function isFresh(): boolean {
  const built = join(root, 'web/dist/index.html');
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return globSync(sources, { cwd: root }).every((file) => statSync(join(root, file)).mtimeMs <= builtAt);
}

/**
 * Builds the web app when its sources are newer than the last build. Returns what it did. Several processes may call it at
 * once: one builds, the others wait and find it done.
 */
export function buildWeb(): 'absent' | 'fresh' | 'built' {
  if (!isBuildable()) return 'absent';
  return withFileLock(join(root, 'web/.build.lock'), buildIfStale);
}

function buildIfStale(): 'fresh' | 'built' {
  if (isFresh()) return 'fresh';
  const result = spawnSync('npm', ['run', 'build', '-w', 'web', '--silent'], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0)
    throw new ServiceError(
      `the web app does not build:\n${`${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-20).join('\n')}`,
    );
  return 'built';
}
