import type { KubernetesObject } from '../types.ts';
import { compact, type Context, instanceOf, isServing, type JobRole, object, type Role } from './context.ts';
import type { EnvVar } from './server-env.ts';
import { volumeClaim } from './volume.ts';

const FILES = '/files';
const PROVIDERS = '/etc/chatcluster/providers';
const SIGNING_KEYS = '/etc/chatcluster/signing-keys';
const ADMIN_LINK = '/etc/chatcluster/admin-link';

type Cluster = Context['cluster'];
type PodRole = Role | JobRole;

/** Pods that send mail and pushes, and read and write files. Sockets need none of it, but tell people whether there are files. */
const outgoing: readonly PodRole[] = ['api', 'worker'];

const env = (name: string, value: string | undefined): EnvVar[] => (value === undefined ? [] : [{ name, value }]);
export const secret = (variable: string, name: string, key: string, optional?: true): EnvVar => ({
  name: variable,
  valueFrom: { secretKeyRef: compact({ name, key, optional }) },
});

const secondsIn: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

export function secondsOf(duration: string): number {
  return Number.parseInt(duration, 10) * (secondsIn[duration.at(-1) ?? 'd'] ?? 1);
}

/** The most that the server takes. */
const mostDays = 36_500;

/** Rounded up: what is kept a few hours longer can still be removed, the other way round it cannot. */
function daysOf(duration: string): string {
  return String(Math.min(mostDays, Math.ceil(secondsOf(duration) / 86_400)));
}

/** Settings of features that are no secret; all pods may know them. */
export function featureSettings({ auth, retention }: Cluster['spec']): Record<string, string> {
  return {
    GUESTS: auth.guests.enabled ? 'on' : 'off',
    ...(auth.admins.length > 0 && { ADMIN_EMAILS: auth.admins.join(',') }),
    ...(retention.messages !== undefined && { RETENTION_MESSAGES_DAYS: daysOf(retention.messages) }),
    ...(retention.audit !== undefined && { RETENTION_AUDIT_DAYS: daysOf(retention.audit) }),
  };
}

function fileEnv({ files }: Cluster['spec']): EnvVar[] {
  if (files?.volume) return env('FILES_DIR', FILES);
  if (!files?.s3) return [];
  const { endpoint, publicEndpoint, bucket, region, prefix, credentialsSecretRef } = files.s3;
  return [
    ...env('FILES_S3_ENDPOINT', endpoint),
    ...env('FILES_S3_BUCKET', bucket),
    ...env('FILES_S3_PUBLIC_ENDPOINT', publicEndpoint),
    ...env('FILES_S3_REGION', region),
    ...env('FILES_S3_PREFIX', prefix),
    secret('FILES_S3_ACCESS_KEY_ID', credentialsSecretRef.name, 'ACCESS_KEY_ID'),
    secret('FILES_S3_SECRET_ACCESS_KEY', credentialsSecretRef.name, 'ACCESS_SECRET_KEY'),
  ];
}

function mailEnv({ mail }: Cluster['spec']): EnvVar[] {
  if (!mail) return [];
  const { name, key } = mail.smtpSecretRef;
  return [secret('SMTP_URL', name, key), ...env('MAIL_FROM', mail.from)];
}

function pushEnv({ push }: Cluster['spec']): EnvVar[] {
  if (!push?.vapidSecretRef) return [];
  const { name } = push.vapidSecretRef;
  return [
    secret('VAPID_PUBLIC_KEY', name, 'publicKey'),
    secret('VAPID_PRIVATE_KEY', name, 'privateKey'),
    // Without the key the one of the ConfigMap stays.
    secret('VAPID_SUBJECT', name, 'subject', true),
  ];
}

/** Pods that people sign in at. The others learn the public parts from Postgres. */
function signs({ auth }: Cluster['spec'], role: PodRole): boolean {
  return auth.signingKeysSecretRef !== undefined && role === 'api';
}

/** Where nobody is named as an administrator, the first one comes by a link. */
function hasAdminLink({ auth }: Cluster['spec'], role: PodRole): boolean {
  return auth.admins.length === 0 && role === 'api';
}

export function featureEnv({ spec }: Cluster, role: PodRole): EnvVar[] {
  if (!isServing(role)) return [];
  if (role === 'realtime') return fileEnv(spec);
  const signing = signs(spec, role) ? env('SIGNING_KEYS_FILE', `${SIGNING_KEYS}/keys`) : [];
  const link = hasAdminLink(spec, role) ? env('ADMIN_LINK_FILE', `${ADMIN_LINK}/token`) : [];
  const isSigningIn = role === 'api' && spec.auth.providers.length > 0;
  return [
    ...signing,
    ...link,
    ...mailEnv(spec),
    ...fileEnv(spec),
    ...pushEnv(spec),
    ...(isSigningIn ? env('AUTH_PROVIDERS_DIR', PROVIDERS) : []),
  ];
}

export interface Mount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  volume: object;
}

/** A folder per provider: `type` and `issuer` from our ConfigMap, `clientId` and `clientSecret` from the user's Secret. */
function providerSources({ n, cluster }: Context): object[] {
  return cluster.spec.auth.providers.flatMap(({ name, issuer, clientSecretRef }) => {
    const settings = ['type', ...(issuer === undefined ? [] : ['issuer'])];
    return [
      { configMap: { name: n.providers, items: settings.map((key) => ({ key: `${name}.${key}`, path: `${name}/${key}` })) } },
      { secret: { name: clientSecretRef.name, items: ['clientId', 'clientSecret'].map((key) => ({ key, path: `${name}/${key}` })) } },
    ];
  });
}

export function featureMounts(context: Context, role: PodRole): Mount[] {
  const { n, cluster } = context;
  const { files, auth } = cluster.spec;
  const claim = { persistentVolumeClaim: { claimName: n.files } };
  const providers = { projected: { sources: providerSources(context), defaultMode: 0o440 } };
  return [
    // The folder and no single file of it: only so does a changed Secret reach pods that run.
    ...(signs(cluster.spec, role)
      ? [
          {
            name: 'signing-keys',
            mountPath: SIGNING_KEYS,
            readOnly: true,
            volume: {
              secret: { secretName: auth.signingKeysSecretRef?.name, items: [{ key: 'keys', path: 'keys' }], defaultMode: 0o440 },
            },
          },
        ]
      : []),
    ...(hasAdminLink(cluster.spec, role)
      ? [
          {
            name: 'admin-link',
            mountPath: ADMIN_LINK,
            readOnly: true,
            // Optional: pods start without it, and whoever takes the link back removes the Secret.
            volume: {
              secret: { secretName: n.adminLinkSecret, items: [{ key: 'token', path: 'token' }], defaultMode: 0o440, optional: true },
            },
          },
        ]
      : []),
    ...(files?.volume && outgoing.includes(role) ? [{ name: 'files', mountPath: FILES, volume: claim }] : []),
    ...(role === 'api' && auth.providers.length > 0
      ? [{ name: 'providers', mountPath: PROVIDERS, readOnly: true, volume: providers }]
      : []),
  ];
}

/** A volume that one node at a time can mount keeps its pods on that node, also while they are replaced. */
export function featureAffinity({ cluster }: Context, role: PodRole): object | undefined {
  if (cluster.spec.files?.volume?.accessMode !== 'ReadWriteOnce' || !outgoing.includes(role)) return undefined;
  const labelSelector = {
    matchLabels: instanceOf(cluster.name),
    matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values: outgoing }],
  };
  return { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector }] };
}

/** By keys of the ConfigMap, which know no folders. */
export function providerSettings({ auth }: Cluster['spec']): Record<string, string> {
  return Object.fromEntries(
    auth.providers.flatMap(({ name, type, issuer }) => [
      [`${name}.type`, type],
      ...(issuer === undefined ? [] : [[`${name}.issuer`, issuer]]),
    ]),
  ) as Record<string, string>;
}

export function featureObjects(context: Context): KubernetesObject[] {
  const { n, cluster } = context;
  const { auth, files } = cluster.spec;
  return [
    ...(auth.providers.length > 0 ? [object(context, ['v1/ConfigMap', n.providers], { data: providerSettings(cluster.spec) })] : []),
    ...(files?.volume
      ? [volumeClaim(context, { name: n.files, component: 'api', storage: files.volume, accessMode: files.volume.accessMode })]
      : []),
  ];
}
