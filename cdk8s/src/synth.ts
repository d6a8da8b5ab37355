import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import {
  type InstallationOptions,
  InvalidChatClusterError,
  listNeededSecrets,
  renderInstallation,
  renderInstallationSecrets,
} from './installation.ts';
import type { KubernetesObject } from './types.ts';

const usage = `Prints plain YAML of a chat service, for clusters without the operator.

  npm run --silent synth -w cdk8s -- --file chatcluster.yaml > chat.yaml
  npm run --silent synth -w cdk8s -- --file chatcluster.yaml --secrets only | kubectl create -f -

  --file FILE         a ChatCluster; - reads it from standard input
  --namespace NAME    default: that of the ChatCluster
  --secrets HOW       none (default): without Secrets, the same text each time, for Git
                      only: just the Secrets with new passwords; make them once
                      include: both, to try things out
  --version RELEASE   where spec.version says nothing (default 0.1.0)
  --server-image, --postgres-image, --redis-image   other images
`;

const texts = ['file', 'namespace', 'secrets', 'version', 'server-image', 'postgres-image', 'redis-image'] as const;

class UsageError extends Error {
  override name = 'UsageError';
}

/** What the program prints; the rest is reading and writing. */
export function synth(args: string[], read: (file: string) => string): { yaml: string; hint: string } {
  const flags = Object.fromEntries(texts.map((name) => [name, { type: 'string' } as const]));
  const { values } = parseArgs({ args, options: { ...flags, help: { type: 'boolean' } } });
  const { file, namespace, secrets = 'none', version = '0.1.0' } = values as Record<string, string | undefined>;
  if (values.help) return { yaml: '', hint: usage };
  if (file === undefined) throw new UsageError(`--file is missing\n\n${usage}`);
  if (!['none', 'only', 'include'].includes(secrets)) throw new UsageError('--secrets must be none, only or include');
  const options: InstallationOptions = {
    version,
    ...(namespace !== undefined && { namespace }),
    ...images(values as Record<string, string | undefined>),
  };
  const written: unknown = parse(read(file));
  const objects = [
    ...(secrets === 'none' ? [] : renderInstallationSecrets(written, options, () => randomBytes(24).toString('hex'))),
    ...(secrets === 'only' ? [] : renderInstallation(written, options)),
  ];
  return { yaml: toYaml(objects), hint: secrets === 'none' ? hintOf(written, options) : '' };
}

function images(values: Record<string, string | undefined>): Partial<InstallationOptions> {
  return {
    ...(values['server-image'] !== undefined && { serverImage: values['server-image'] }),
    ...(values['postgres-image'] !== undefined && { postgresImage: values['postgres-image'] }),
    ...(values['redis-image'] !== undefined && { redisImage: values['redis-image'] }),
  };
}

/** Quoted so that YAML 1.1, which kubectl reads, takes no word for a boolean: `on` in a ConfigMap would be refused. */
const style = { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' } as const;

function toYaml(objects: KubernetesObject[]): string {
  return objects.map((made) => `---\n${stringify(made, style)}`).join('');
}

function hintOf(written: unknown, options: InstallationOptions): string {
  const { generated, given } = listNeededSecrets(written, options);
  const lines = [
    ...(given.length > 0 ? [`Needs these Secrets of yours: ${given.join(', ')}.`] : []),
    ...(generated.length > 0 ? [`Needs these Secrets: ${generated.join(', ')}. Make them once, with --secrets only.`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** npm runs this in the folder of the package; files are meant from where the person is. */
function readInput(file: string): string {
  return readFileSync(file === '-' ? 0 : resolve(process.env.INIT_CWD ?? '.', file), 'utf8');
}

if (import.meta.main) {
  try {
    const { yaml, hint } = synth(process.argv.slice(2), readInput);
    process.stdout.write(yaml);
    process.stderr.write(hint);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isExpected = error instanceof UsageError || error instanceof InvalidChatClusterError || 'code' in error;
    process.stderr.write(`${isExpected ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
