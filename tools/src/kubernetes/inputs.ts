import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

/** Of the contents of every file that matches, and of the lock file that stands for the packages. */
export function hashFiles(patterns: string[]): string {
  const hash = createHash('sha256');
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).concat('package-lock.json');
  for (const file of [...new Set(files)].sort()) {
    if (statSync(join(root, file)).isFile())
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Does the work unless its inputs are those of the last time and what it made is still there. */
export async function whenChanged(made: string, patterns: string[], work: () => Promise<unknown>): Promise<boolean> {
  const stamp = `${made}.inputs`;
  const inputs = hashFiles(patterns);
  if (existsSync(made) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return false;
  await work();
  writeFileSync(stamp, inputs);
  return true;
}
