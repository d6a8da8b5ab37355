import { join } from 'node:path';
import { loadIntoKind } from '@chatcluster/tools/kubernetes/cluster/kind-cluster';
import { loadIntoNode } from '@chatcluster/tools/kubernetes/cluster/node-cluster';
import { baseFiles } from '@chatcluster/tools/kubernetes/images/base-files';
import { type BuiltImage, buildImage } from '@chatcluster/tools/kubernetes/images/oci';
import { K6_IMAGE, K6_USER } from '../job.ts';

/** One static program; the scripts come by ConfigMap. */
export async function buildK6Image(k6: string, dir: string): Promise<BuiltImage> {
  const layer = [...baseFiles({ name: 'k6', id: K6_USER }), { type: 'file' as const, path: 'usr/local/bin/k6', from: k6, mode: 0o755 }];
  const options = { name: K6_IMAGE, layers: [layer], entrypoint: ['/usr/local/bin/k6'], user: `${K6_USER}:${K6_USER}` };
  return await buildImage(options, join(dir, 'k6.tar'));
}

/** To where `make cluster` put the others; false: the nodes have to pull it themselves. */
export async function loadImage(image: BuiltImage, target: string | undefined): Promise<boolean> {
  if (target === 'node') await loadIntoNode([image]);
  else if (target === 'kind') loadIntoKind([image]);
  else return false;
  return true;
}
