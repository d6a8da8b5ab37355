import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ServiceError } from '../process.ts';
import { withFileLock } from './file-lock.ts';
import { modules } from './tool-table.ts';

const sources = join(import.meta.dirname, '..', '..', 'kubernetes');
const progressMs = 10_000;
const gib = 2 ** 30;

function cacheDir(): string {
  return process.env.CHATCLUSTER_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chatcluster', 'tools');
}

function describeModule(name: string) {
  const module = modules[name];
  if (!module) throw new ServiceError(`no module of tools is called ${name}`);
  return { ...module, dir: join(sources, module.folder) };
}

/** A change of any version, checksum, own source or flag is another folder. */
export function moduleDir(name: string): string {
  const { dir, packages } = describeModule(name);
  const hash = createHash('sha256').update(
    JSON.stringify(Object.entries(packages).map(([program, { ldflags, tags = [] }]) => [program, ldflags, ...tags])),
  );
  for (const file of ['go.mod', 'go.sum']) if (existsSync(join(dir, file))) hash.update(readFileSync(join(dir, file)));
  for (const pkg of Object.values(packages).filter(({ path }) => path.startsWith('./'))) {
    for (const file of globSync('*.go', { cwd: join(dir, pkg.path) }).sort())
      hash.update(file).update(readFileSync(join(dir, pkg.path, file)));
  }
  return join(cacheDir(), `${name}-${hash.digest('hex').slice(0, 16)}`);
}

function say(text: string): void {
  process.stderr.write(`tools: ${text}\n`);
}

function checkGo(program: string): void {
  const found = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (found.status !== 0)
    throw new ServiceError(
      `${program} is not on this machine and Go, which builds it, is not either; install Go 1.26 or newer (https://go.dev/dl), or put ${program} on PATH`,
    );
}

function checkSpace(program: string, dir: string, neededGiB: number): void {
  const { bavail, bsize } = statfsSync(dir);
  const free = (bavail * bsize) / gib;
  if (free < neededGiB)
    throw new ServiceError(
      `building ${program} needs ${neededGiB} GiB and ${free.toFixed(1)} GiB are free at ${dir}; make room, or set CHATCLUSTER_TOOLS`,
    );
}

/** Go's own words with what to do about them. */
function explain(program: string, output: string): ServiceError {
  const last = output.trimEnd().split('\n').slice(-15).join('\n');
  if (/no space left on device/.test(output))
    return new ServiceError(`the disk is full while building ${program}; make room and try again:\n${last}`);
  if (/dial tcp|i\/o timeout|TLS handshake|proxyconnect|no such host|Forbidden/.test(output))
    return new ServiceError(
      `the Go module proxy does not answer, so ${program} cannot be built; check the network and GOPROXY, then try again:\n${last}`,
    );
  if (/signal: killed/.test(output))
    return new ServiceError(`the compiler was killed while building ${program}: it needs up to 3.5 GiB of memory:\n${last}`);
  if (/requires go >=|toolchain not available/.test(output)) return new ServiceError(`this Go is too old for ${program}:\n${last}`);
  return new ServiceError(`building ${program} failed:\n${last}`);
}

interface Build {
  program: string;
  cwd: string;
  args: string[];
}

/** `-v` names each package when it is compiled: the only progress that go gives. */
function runGo({ program, cwd, args }: Build): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const child = spawn('go', args, { cwd, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let compiled = 0;
  let output = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^[\w.~/-]+$/.test(line)) compiled++;
    else if (!line.startsWith('go: downloading')) output += `${line}\n`;
  });
  const timer = setInterval(() => say(`${program}: ${seconds()} s, ${compiled} packages compiled`), progressMs);
  child.once('error', reject);
  child.once('close', (code) => {
    clearInterval(timer);
    if (code === 0) say(`${program}: built in ${seconds()} s`);
    if (code === 0) resolve();
    else reject(explain(program, output));
  });
  return promise.finally(() => clearInterval(timer));
}

/** Compiles to a name of its own and renames, so that nobody ever sees half a program. */
async function compile(moduleName: string, program: string): Promise<void> {
  const { dir: cwd, neededGiB, packages } = describeModule(moduleName);
  const pkg = packages[program];
  if (!pkg) throw new ServiceError(`${moduleName} has no program ${program}`);
  const dir = moduleDir(moduleName);
  checkGo(program);
  checkSpace(program, dir, neededGiB);
  say(
    `building ${[program, ...pkg.names].join(', ')} from source, once per version; about ${Math.max(1, Math.ceil(pkg.minutes))} min on 2 idle cores`,
  );
  const partial = join(dir, `.${program}.${process.pid}`);
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-v', '-ldflags', ['-s', '-w', ...pkg.ldflags].join(' ')];
  if (pkg.tags) flags.push('-tags', pkg.tags.join(','));
  try {
    await runGo({ program, cwd, args: ['build', ...flags, '-o', partial, pkg.path] });
    for (const name of pkg.names) link(program, join(dir, name));
    renameSync(partial, join(dir, program));
  } finally {
    rmSync(partial, { force: true });
  }
}

function link(target: string, file: string): void {
  const partial = `${file}.${process.pid}`;
  rmSync(partial, { force: true });
  symlinkSync(target, partial);
  renameSync(partial, file);
}

/** Two builds at once are safe; the second waits and finds the program there. */
export async function buildPackage(moduleName: string, program: string): Promise<void> {
  const dir = moduleDir(moduleName);
  mkdirSync(dir, { recursive: true });
  await withFileLock(join(dir, `.${program}.lock`), { onWait: (pid) => say(`${program}: process ${pid} builds it; waiting`) }, async () => {
    if (!existsSync(join(dir, program))) await compile(moduleName, program);
  });
}
