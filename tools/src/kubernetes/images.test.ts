import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { whenAlone } from '@chatcluster/cdk8s/manifests/alone';
import { serverMalloc, serverNodeFlags } from '../server-flags.ts';
import { eventually } from '../testing.ts';
import type { ImageName } from './images/definitions.ts';
import type { BuiltImage } from './images/oci.ts';
import { buildNamedImage } from './images.ts';

const dir = mkdtempSync(join(tmpdir(), 'chat-images-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const MAX_BYTES = 200 * 2 ** 20;
const shells = /(^|\/)(sh|bash|dash|ash|zsh|ksh|busybox|toybox)$/;
const isRoot = process.getuid?.() === 0;

interface Config {
  config: { User: string; Entrypoint: string[]; WorkingDir?: string; Env: string[] };
  rootfs: { diff_ids: string[] };
}

function fromArchive(file: string, path: string): Buffer {
  return execFileSync('tar', ['-xOf', file, path], { maxBuffer: MAX_BYTES * 2 });
}

/** As a container program reads it: index, manifest, configuration. */
function configOf({ file }: BuiltImage): Config {
  const json = (path: string) => JSON.parse(fromArchive(file, path).toString());
  const blob = (digest: string) => json(`blobs/${digest.replace(':', '/')}`);
  return blob(blob(json('index.json').manifests[0].digest).config.digest) as Config;
}

/** Unpacks every layer in order. */
function unpack(image: BuiltImage, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const digest of configOf(image).rootfs.diff_ids) {
    execFileSync('tar', ['-xpf', '-', '-C', to], { input: fromArchive(image.file, `blobs/${digest.replace(':', '/')}`) });
  }
  // Whatever user it runs as has to come in here.
  for (const path of [dir, to]) chmodSync(path, 0o755);
}

function filesOf(image: BuiltImage): string[] {
  return configOf(image).rootfs.diff_ids.flatMap((digest) =>
    execFileSync('tar', ['-tf', '-'], { input: fromArchive(image.file, `blobs/${digest.replace(':', '/')}`), encoding: 'utf8' }).split(
      '\n',
    ),
  );
}

const names: ImageName[] = ['server', 'operator', 'postgres', 'redis'];
const built = new Map<ImageName, BuiltImage>();
const imageOf = async (name: ImageName): Promise<BuiltImage> => {
  const image = built.get(name) ?? (await buildNamedImage(name, dir, 'test'));
  built.set(name, image);
  return image;
};

for (const name of names) {
  describe(`the image of ${name}`, () => {
    test('is small, runs as a numbered user and has no shell', async () => {
      const image = await imageOf(name);
      assert.ok(image.bytes < MAX_BYTES, `${image.bytes} bytes`);
      assert.match(configOf(image).config.User, /^[1-9]\d*:[1-9]\d*$/);
      const found = filesOf(image).filter((path) => shells.test(path));
      // Those start what belongs to their image only; see below.
      assert.deepEqual(found, name === 'postgres' || name === 'redis' ? ['bin/sh'] : []);
    });

    test('has the same digest when it is built again', async () => {
      const first = await imageOf(name);
      const second = await buildNamedImage(name, join(dir, 'again'), 'test');
      assert.equal(second.digest, first.digest);
    });

    test('comes with a list of its components', async () => {
      const { file, digest } = await imageOf(name);
      const sbom = JSON.parse(readFileSync(file.replace(/tar$/, 'cdx.json'), 'utf8'));
      assert.equal(sbom.bomFormat, 'CycloneDX');
      assert.equal(`sha256:${sbom.metadata.component.hashes[0].content}`, digest);
      assert.ok(sbom.components.length > 0);
    });
  });
}

const needsRoot = { skip: isRoot ? false : 'changing the root folder needs root' };

/** Runs a program of an image as the image's own user, with the image as its root. */
function runInside(image: BuiltImage, root: string, [program = '', ...args]: string[], env: Record<string, string> = {}) {
  if (!existsSync(root)) unpack(image, root);
  const { config } = configOf(image);
  const [user = ''] = config.User.split(':');
  const variables = [...config.Env, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)];
  const inside = Object.fromEntries(variables.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const options = { encoding: 'utf8', env: inside, timeout: 60_000 } as const;
  return spawnSync('/usr/sbin/chroot', [`--userspec=${user}:${user}`, root, program, ...args], options);
}

const isLocked = (file: string) => existsSync(file) && spawnSync('flock', ['--nonblock', file, 'true']).status === 1;

describe('inside the image', needsRoot, () => {
  test('the server starts, with its native parts, and says which setting is missing', async () => {
    const image = await imageOf('server');
    const { status, stderr } = runInside(image, join(dir, 'server-root'), ['/usr/local/bin/node', '/app/main.js']);
    assert.match(stderr, /DATABASE_URL is not set/);
    assert.equal(status, 78);
  });

  test('the server is started with little memory for young objects and two arenas of malloc, in the image for Docker too', async () => {
    const fill = 'for (let i = 0, kept = []; i < 1e6; i++) { kept.push({ i }); if (kept.length > 4e5) kept = []; }';
    const space = 'require("v8").getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size';
    const run = runInside(await imageOf('server'), join(dir, 'server-root'), [
      '/usr/local/bin/node',
      '-e',
      `${fill} console.log(${space})`,
    ]);
    assert.equal(run.status, 0, run.stderr);
    assert.ok(Number(run.stdout) <= 32 * 2 ** 20, `${run.stdout} bytes ${run.stderr}`);
    assert.ok(configOf(await imageOf('server')).config.Env.includes(`MALLOC_ARENA_MAX=${serverMalloc.MALLOC_ARENA_MAX}`));
    const dockerfile = readFileSync(join(import.meta.dirname, '../../../Dockerfile'), 'utf8');
    assert.ok(dockerfile.includes(` NODE_OPTIONS=${serverNodeFlags} MALLOC_ARENA_MAX=${serverMalloc.MALLOC_ARENA_MAX}\n`));
  });

  test('Postgres refuses to be used as a shell', async () => {
    const image = await imageOf('postgres');
    const root = join(dir, 'postgres-root');
    for (const line of ['echo hi', '/usr/local/pgsql/bin/postgres -V; echo hi', '"/usr/local/pgsql/bin/postgres" $(id)', '/bin/sh'])
      assert.equal(runInside(image, root, ['/bin/sh', '-c', line]).status, 126, line);
    assert.equal(runInside(image, root, ['/bin/sh']).status, 126);
    // Without /proc the loader cannot tell where the program is, and its libraries are beside it.
    const env = { LD_LIBRARY_PATH: '/usr/local/pgsql/lib' };
    assert.match(
      runInside(image, root, ['/bin/sh', '-c', '"/usr/local/pgsql/bin/postgres" -V'], env).stdout,
      /^postgres \(PostgreSQL\) 18/,
    );
  });

  test('Postgres asks for a password before it makes a database', async () => {
    const { status, stderr } = runInside(await imageOf('postgres'), join(dir, 'postgres-root'), ['/usr/local/bin/postgres-entrypoint']);
    assert.match(stderr, /POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set/);
    assert.equal(status, 1);
  });

  for (const [name, program, says] of [
    ['postgres', ['/usr/local/pgsql/bin/postgres', '-V'], /^postgres \(PostgreSQL\) 18/],
    ['redis', ['redis-server', '--version'], /^Redis server v=/],
  ] as const) {
    test(`${name} waits while another pod has the volume, as it does in the official image`, { timeout: 60_000 }, async () => {
      const image = await imageOf(name);
      const root = join(dir, `${name}-root`);
      const folder = join(root, 'alone');
      if (!existsSync(root)) unpack(image, root);
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
      const lock = '/alone/lock';
      const env = { LD_LIBRARY_PATH: '/usr/local/pgsql/lib', PATH: '/usr/local/bin:/usr/bin:/bin' };
      const command = whenAlone(lock, [...program]);
      assert.match(runInside(image, root, ['/bin/sh', ...command.slice(1)], env).stdout, says);
      // A real shell runs the same script on the same lock.
      const other = spawn(command[0]!, [...whenAlone(join(root, lock), ['sleep', '2']).slice(1)]);
      const ended = once(other, 'exit');
      await eventually(() => isLocked(join(root, lock)), { message: 'nobody has the lock' });
      const { stdout, stderr } = runInside(image, root, ['/bin/sh', ...command.slice(1)], env);
      assert.match(stderr, /Another pod still works on this volume; waiting until it has ended/);
      assert.match(stdout, says);
      await ended;
    });
  }

  test('Redis refuses to be used as a shell', async () => {
    const image = await imageOf('redis');
    const root = join(dir, 'redis-root');
    for (const args of [[], ['-c', 'redis-server --version'], ['-c', 'true', 'other', '/data/lock', 'redis-server']])
      assert.equal(runInside(image, root, ['/bin/sh', ...args]).status, 126, args.join(' '));
  });

  test('Redis starts', async () => {
    const { stdout } = runInside(await imageOf('redis'), join(dir, 'redis-root'), ['/usr/local/bin/redis-server', '--version']);
    assert.match(stdout, /^Redis server v=/);
  });
});
