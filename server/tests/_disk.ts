import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { Fault } from './_faults.ts';

const sizeMiB = 512;
const MIB = 2 ** 20;

/** A file system in memory that can be filled up. */
export interface Disk extends Disposable {
  readonly dir: string;
  fill(): void;
  free(): void;
}

/** Needs root, and a kernel that lets it mount. */
export function createDisk(): Disk {
  const dir = mkdtempSync(join(tmpdir(), 'chat-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0755`, 'tmpfs', dir]);
  const ballast = join(dir, 'ballast');
  return {
    dir,
    fill() {
      const { bavail, bsize } = statfsSync(dir);
      const chunk = Buffer.alloc(MIB);
      writeFileSync(ballast, '');
      try {
        for (let left = bavail * bsize; left >= 0; left -= MIB) writeFileSync(ballast, chunk, { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      // Lazily: a killed server may not yet have let go of its files.
      execFileSync('umount', ['--lazy', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A new segment of the log: Postgres cannot make one, gives up, and cannot come back while the disk is full. */
async function wantNewSegment(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (let i = 0; i < 8; i += 1) await client.query("select pg_logical_emit_message(false, 'chaos', repeat('x', 1000)), pg_switch_wal()");
  } catch {
    // That it dies under this question is what is wanted.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Half of the time Postgres refuses what needs space, the other half it is dead of it. */
export function diskFault(fullMs: number): Fault {
  return {
    name: `the disk of Postgres full for ${fullMs / 1_000} s`,
    of: 'servers',
    stage: 'with a small disk',
    async inject({ disk, cluster: { postgres } }) {
      if (!disk) throw new Error('Postgres has no small disk here');
      disk.fill();
      try {
        await wait(fullMs / 2);
        await wantNewSegment(postgres.url);
        await wait(fullMs / 2);
      } finally {
        disk.free();
      }
      await postgres.restart();
    },
  };
}
