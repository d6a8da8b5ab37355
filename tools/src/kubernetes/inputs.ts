import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageName } from './images/definitions.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const packing = 'tools/src/kubernetes/images/*.ts';

/** What an image is made of, beside the packages that package-lock.json pins. */
const patterns: Record<ImageName, string[]> = {
  server: ['{server,protocol,client}/src/**', 'protocol/*.json', 'web/{src,public}/**', 'web/*.{html,ts,json}', packing],
  operator: ['{operator,cdk8s}/src/**', packing],
  postgres: ['tools/kubernetes/images/**/*.go', packing],
  redis: [packing],
  pause: ['tools/kubernetes/images/**/*.go', packing],
  coredns: ['tools/kubernetes/{go.sum,kubeall/*}', packing],
  'metrics-server': ['tools/kubernetes/go.sum', packing],
};

/** The same sources give the same hash, on every machine. */
export function inputsOf(name: ImageName): string {
  const hash = createHash('sha256').update(process.arch);
  const files = patterns[name].flatMap((pattern) => globSync(pattern, { cwd: root })).concat('package-lock.json');
  for (const file of [...new Set(files)].sort()) {
    if (statSync(join(root, file)).isFile())
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}
