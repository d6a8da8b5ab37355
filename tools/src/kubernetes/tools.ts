import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { runMain, ServiceError } from '../process.ts';
import { buildPackage, moduleDir } from './build-tool.ts';
import { modules, type OwnVersion, ownVersions } from './tool-table.ts';

const run = promisify(execFile);
const versionDeadlineMs = 20_000;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** A program that does not run, or says another version, is not the one that is looked for. */
async function hasVersion(file: string, { args, accepts }: OwnVersion): Promise<boolean> {
  const answer = await run(file, args, { timeout: versionDeadlineMs }).catch(() => ({ stdout: '', stderr: '' }));
  return accepts.test(`${answer.stdout}${answer.stderr}`);
}

/** KUBEBUILDER_ASSETS is a decision of the user, so its version is not questioned; PATH is an accident, so there it is. */
async function findOwn(name: string): Promise<string | undefined> {
  const wanted = ownVersions[name];
  if (!wanted) return undefined;
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets && isExecutable(join(assets, name))) return join(assets, name);
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(dir, name);
    if (dir && isExecutable(file) && (await hasVersion(file, wanted))) return file;
  }
  return undefined;
}

function findPackage(name: string): { module: string; program: string } {
  for (const [module, { packages }] of Object.entries(modules)) {
    for (const [program, { names }] of Object.entries(packages)) {
      if (program === name || names.includes(name)) return { module, program };
    }
  }
  throw new ServiceError(`no tool is called ${name}`);
}

/** Absolute path of a program; built from the Go module proxy when neither the machine nor the cache has it. */
export async function ensureTool(name: string): Promise<string> {
  const { module, program } = findPackage(name);
  const own = await findOwn(name);
  if (own) return own;
  const file = join(moduleDir(module), name);
  if (!existsSync(file)) await buildPackage(module, program);
  return file;
}

/** The file behind a name of the multi-call program, for what copies it. */
export async function ensureProgramFile(name: string): Promise<string> {
  const { module } = findPackage(name);
  const file = await ensureTool(name);
  return file === join(moduleDir(module), name) && findPackage(name).program !== name ? join(moduleDir(module), readlinkSync(file)) : file;
}

/** `node tools/src/kubernetes/tools.ts [name…]`: builds what is missing and prints where it is; without names, what the tests and `make cluster` need. */
async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const programs = Object.values(modules).flatMap(({ packages, onDemand = false }) =>
    onDemand ? [] : Object.entries(packages).flatMap(([program, { names }]) => (names.length > 0 ? names : [program])),
  );
  for (const name of asked.length > 0 ? asked : programs) process.stdout.write(`${await ensureTool(name)}\n`);
}

if (import.meta.main) runMain(main);
