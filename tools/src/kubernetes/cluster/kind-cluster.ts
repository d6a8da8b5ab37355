import { execFileSync } from 'node:child_process';
import { ServiceError } from '../../process.ts';
import type { BuiltImage } from '../images/oci.ts';
import type { Say } from './progress.ts';
import { KIND_NAME, kubeconfigFile } from './target.ts';

function kind(...args: string[]): string {
  try {
    return execFileSync('kind', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new ServiceError(`kind ${args.slice(0, 2).join(' ')} failed: ${(error as { stderr?: string }).stderr?.trim() ?? ''}`, {
      cause: error,
    });
  }
}

export function ensureKindCluster(say: Say): void {
  const exists = kind('get', 'clusters').split('\n').includes(KIND_NAME);
  if (!exists) say('starting a cluster with kind (the first time it downloads a node image)');
  if (exists) kind('export', 'kubeconfig', '--name', KIND_NAME, '--kubeconfig', kubeconfigFile);
  else kind('create', 'cluster', '--name', KIND_NAME, '--kubeconfig', kubeconfigFile, '--wait', '120s');
}

export function loadIntoKind(images: BuiltImage[], name: string = KIND_NAME): void {
  for (const { file } of images) kind('load', 'image-archive', file, '--name', name);
}

export function removeKindCluster(): void {
  kind('delete', 'cluster', '--name', KIND_NAME, '--kubeconfig', kubeconfigFile);
}
