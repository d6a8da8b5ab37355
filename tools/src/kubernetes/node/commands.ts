import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { ServiceError } from '../../process.ts';
import { kubeconfigFile } from '../pki.ts';
import { ensureTool } from '../tools.ts';
import { CONTAINERD_NAMESPACE, socketFile, stateDir } from './settings.ts';

const execute = promisify(execFile);
/** Debian keeps network tools where an ordinary user's PATH does not look. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const maxBuffer = 64 * 2 ** 20;

/** Standard output; a failure is an error with what the program said. */
export async function command(file: string, ...args: string[]): Promise<string> {
  try {
    return (await execute(file, args, { env, maxBuffer })).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new ServiceError(`${file} ${args.slice(0, 4).join(' ')} failed: ${(stderr || message).trim().split('\n').slice(-5).join('\n')}`, {
      cause: error,
    });
  }
}

/** For cleaning up: what is gone already is no failure. Gives the output, empty when it failed. */
export function attempt(file: string, ...args: string[]): string {
  return spawnSync(file, args, { env, encoding: 'utf8', maxBuffer }).stdout ?? '';
}

export function ctr(...args: string[]): Promise<string> {
  return command('ctr', '-a', socketFile(), '-n', CONTAINERD_NAMESPACE, ...args);
}

export async function kubectl(...args: string[]): Promise<string> {
  return await command(await ensureTool('kubectl'), '--kubeconfig', kubeconfigFile(stateDir, 'admin'), ...args);
}

/** As `start-stop-daemon` would find it: a program on PATH or where administrators' programs are. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', name], { env }).status === 0;
}
