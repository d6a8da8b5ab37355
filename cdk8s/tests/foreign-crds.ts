import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureGatewayApi } from '@chatcluster/tools/kubernetes/gateway-api';
import { parse } from 'yaml';

/** Where each project keeps the definitions; versions and checksums are in `crds/go.sum`. */
const sources = [
  { module: 'github.com/cloudnative-pg/cloudnative-pg', file: 'config/crd/bases/postgresql.cnpg.io_clusters.yaml' },
  { module: 'github.com/kedacore/keda/v2', file: 'config/crd/bases/keda.sh_scaledobjects.yaml' },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    file: 'example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml',
  },
];

export interface ForeignCrd {
  metadata: { name: string };
  spec: { group: string; names: { plural: string }; versions: { name: string; schema: object }[] };
}

function moduleFolder(module: string): string {
  const cwd = join(import.meta.dirname, 'crds');
  const version = new RegExp(`${module} (v[^\\s]+)`).exec(readFileSync(join(cwd, 'go.mod'), 'utf8'))?.[1];
  const found = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd, encoding: 'utf8' });
  return (JSON.parse(found) as { Dir: string }).Dir;
}

/** The real definitions of the kinds that other projects own, from their Go modules. Needs Go, as the control plane does. */
export function loadForeignCrds(): ForeignCrd[] {
  const gatewayApi = join(ensureGatewayApi(), 'gateway.networking.k8s.io_httproutes.yaml');
  const files = sources.flatMap(({ module, file }) => {
    const folder = moduleFolder(module);
    return globSync(file, { cwd: folder }).map((path) => join(folder, path));
  });
  return [gatewayApi, ...files].map((file) => parse(readFileSync(file, 'utf8')) as ForeignCrd);
}
