import type { KubernetesObject } from '../types.ts';
import { compact, type Context, object } from './context.ts';

export const CNPG_DATABASE = 'chat';

type CloudNativePg = NonNullable<Context['cluster']['spec']['database']['cloudNativePG']>;

function backupOf({ backup }: CloudNativePg): object | undefined {
  if (!backup) return undefined;
  const { name } = backup.credentialsSecretRef;
  return {
    retentionPolicy: backup.retention,
    barmanObjectStore: compact({
      destinationPath: backup.destinationPath,
      endpointURL: backup.endpointURL,
      s3Credentials: { accessKeyId: { name, key: 'ACCESS_KEY_ID' }, secretAccessKey: { name, key: 'ACCESS_SECRET_KEY' } },
    }),
  };
}

/** We do not run databases: that is the work of CloudNativePG. It makes the Secret `<name>-app` with the key `uri`. */
export function cloudNativePg(context: Context): KubernetesObject[] {
  const { cloudNativePG: wanted } = context.cluster.spec.database;
  if (!wanted || !context.facts.capabilities.cloudNativePG) return [];
  const spec = compact({
    instances: wanted.instances,
    storage: compact({ size: wanted.storage.size, storageClass: wanted.storage.storageClassName }),
    bootstrap: { initdb: { database: CNPG_DATABASE, owner: 'chat' } },
    postgresql: wanted.parameters ? { parameters: wanted.parameters } : undefined,
    resources: wanted.resources,
    backup: backupOf(wanted),
  });
  return [object(context, ['postgresql.cnpg.io/v1/Cluster', context.n.postgres], { spec }, { component: 'postgres', isData: true })];
}
