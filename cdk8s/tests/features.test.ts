import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatClusterSpec } from '@chatcluster/operator/api/index';
import { listNeededSecrets } from '../src/installation.ts';
import { renderChatCluster, renderSecret } from '../src/render.ts';
import type { Facts, KubernetesObject } from '../src/types.ts';
import { clusterOf, facts, specs } from './specs.ts';

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } };
}
interface Pod {
  affinity?: { podAffinity?: { requiredDuringSchedulingIgnoredDuringExecution: object[] } };
  containers: { env: Variable[]; volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }[];
  volumes: {
    name: string;
    secret?: object;
    projected?: { sources: Record<string, { name: string; items: { key: string; path: string }[] }>[] };
  }[];
}

function find(objects: KubernetesObject[], id: string): KubernetesObject {
  const found = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === id);
  assert.ok(found, `${id} is missing`);
  return found;
}

const render = (spec: ChatClusterSpec, of: Facts = facts) => renderChatCluster(clusterOf(spec), of);
const podOf = (objects: KubernetesObject[], role: string) =>
  (find(objects, `Deployment/chat-${role}`).spec as { template: { spec: Pod } }).template.spec;
const dataOf = (objects: KubernetesObject[], name: string) => find(objects, `ConfigMap/${name}`).data as Record<string, string>;

/** Those of Secrets as `name/key`, with a question mark where they may be missing. */
function envOf(objects: KubernetesObject[], role: string): Record<string, string | undefined> {
  return Object.fromEntries(
    podOf(objects, role).containers[0]!.env.map(({ name, value, valueFrom }) => {
      const { name: secret, key, optional } = valueFrom?.secretKeyRef ?? {};
      return [name, value ?? `${secret}/${key}${optional ? '?' : ''}`];
    }),
  );
}

/** To wherever, besides DNS. */
function egressPorts(objects: KubernetesObject[], role: string): number[] {
  const { egress } = find(objects, `NetworkPolicy/chat-${role}`).spec as { egress: { to?: object[]; ports: { port: number }[] }[] };
  const ports = egress.filter(({ to }) => to === undefined).flatMap((rule) => rule.ports.map(({ port }) => port));
  return ports.filter((port) => port !== 53);
}

describe('what the spec says of features', () => {
  const objects = render(specs.external);

  it('reaches every pod where it is no secret', () => {
    const settings = dataOf(objects, 'chat-config');
    assert.equal(settings.GUESTS, 'on');
    assert.equal(settings.ADMIN_EMAILS, 'ada@example.com,bob@example.com');
    assert.equal(settings.VAPID_SUBJECT, 'https://chat.example.com');
    assert.equal(dataOf(render(specs.smallest), 'chat-config').GUESTS, 'off');
  });

  it('gives whole days of retention, rather one too many', () => {
    const { RETENTION_MESSAGES_DAYS: messages, RETENTION_AUDIT_DAYS: audit } = dataOf(objects, 'chat-config');
    assert.deepEqual([messages, audit], ['7', '2']);
    assert.equal(dataOf(render({ ...specs.smallest, retention: { messages: '5m' } }), 'chat-config').RETENTION_MESSAGES_DAYS, '1');
    assert.ok(!('RETENTION_MESSAGES_DAYS' in dataOf(render(specs.smallest), 'chat-config')));
  });

  it('gives Secrets to the pods that use them, and to no others', () => {
    const wanted = {
      SMTP_URL: 'mail/url',
      MAIL_FROM: 'hello@example.com',
      FILES_S3_ENDPOINT: 'http://minio.storage:9000',
      FILES_S3_BUCKET: 'chat',
      FILES_S3_REGION: 'here',
      FILES_S3_PREFIX: 'files',
      FILES_S3_PUBLIC_ENDPOINT: 'https://files.example.com',
      FILES_S3_ACCESS_KEY_ID: 'bucket/ACCESS_KEY_ID',
      FILES_S3_SECRET_ACCESS_KEY: 'bucket/ACCESS_SECRET_KEY',
      VAPID_PUBLIC_KEY: 'push/publicKey',
      VAPID_PRIVATE_KEY: 'push/privateKey',
      VAPID_SUBJECT: 'push/subject?',
    };
    for (const role of ['api', 'worker']) assert.deepEqual({ ...envOf(objects, role), ...wanted }, envOf(objects, role), role);
    const realtime = envOf(objects, 'realtime');
    // They only tell people whether there is a place for files.
    for (const name of Object.keys(wanted)) assert.equal(name in realtime, name.startsWith('FILES_'), name);
  });

  it('puts a folder for each provider into the pods that people sign in at', () => {
    const { containers, volumes } = podOf(objects, 'api');
    const mount = containers[0]!.volumeMounts.find(({ name }) => name === 'providers');
    assert.equal(mount?.mountPath, envOf(objects, 'api').AUTH_PROVIDERS_DIR);
    assert.equal(mount?.readOnly, true);
    const sources = volumes.find(({ name }) => name === 'providers')?.projected?.sources ?? [];
    const paths = sources.flatMap((source) =>
      Object.entries(source).flatMap(([kind, { name, items }]) => items.map(({ path }) => `${kind} ${name} ${path}`)),
    );
    assert.deepEqual(paths, [
      'configMap chat-providers work/type',
      'configMap chat-providers work/issuer',
      'secret work work/clientId',
      'secret work work/clientSecret',
      'configMap chat-providers github/type',
      'secret github github/clientId',
      'secret github github/clientSecret',
    ]);
    assert.equal(dataOf(objects, 'chat-providers')['work.issuer'], 'https://login.example.com:8443/realms/work');
    assert.equal(podOf(objects, 'worker').volumes.length, 1);
  });

  it('mounts the signing keys where people sign in, as a folder that follows the Secret', () => {
    const { containers, volumes } = podOf(objects, 'api');
    const mount = containers[0]!.volumeMounts.find(({ name }) => name === 'signing-keys');
    assert.equal(`${mount?.mountPath}/keys`, envOf(objects, 'api').SIGNING_KEYS_FILE);
    assert.ok(mount?.readOnly && !('subPath' in mount));
    const volume = volumes.find(({ name }) => name === 'signing-keys');
    assert.deepEqual(volume?.secret, { secretName: 'signing', items: [{ key: 'keys', path: 'keys' }], defaultMode: 0o440 });
    for (const pod of [podOf(objects, 'worker'), podOf(objects, 'realtime'), podOf(render(specs.smallest), 'api')]) {
      assert.doesNotMatch(JSON.stringify(pod), /signing/i);
    }
  });

  it('gives every pod that speaks to Postgres or Redis the CA of its certificate, and nothing where none is named', () => {
    for (const role of ['api', 'realtime', 'worker']) {
      const { DATABASE_CA, REDIS_CA } = envOf(objects, role);
      assert.deepEqual([DATABASE_CA, REDIS_CA], ['postgres/ca.crt', 'redis/ca.crt']);
      assert.doesNotMatch(JSON.stringify(podOf(render(specs.smallest), role)), /_CA"/);
    }
    const jobs = objects.filter(({ kind }) => kind === 'Job' || kind === 'CronJob').map((job) => JSON.stringify(job));
    assert.equal(jobs.length, 2);
    for (const job of jobs) {
      assert.match(job, /"DATABASE_CA"/);
      assert.doesNotMatch(job, /REDIS/);
    }
  });

  it('reads history from the replicas in the pods that serve people, and nowhere else', () => {
    const ref = { name: 'postgres', key: 'read' };
    const database = { external: { urlSecretRef: { name: 'postgres', key: 'url' }, readUrlSecretRef: ref } };
    const rendered = render({ ...specs.external, database });
    const urlIn = (role: string) => podOf(rendered, role).containers[0]!.env.find(({ name }) => name === 'DATABASE_READ_URL');
    for (const role of ['api', 'realtime']) assert.deepEqual(urlIn(role)?.valueFrom, { secretKeyRef: ref });
    assert.equal(urlIn('worker'), undefined);
    const own = podOf(render(specs.everything), 'realtime').containers[0]!.env.filter(({ name }) => name.startsWith('DATABASE_READ_'));
    assert.deepEqual(
      own.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
      [
        ['DATABASE_READ_USER', { secretKeyRef: { name: 'chat-postgres-app', key: 'username' } }],
        ['DATABASE_READ_PASSWORD', { secretKeyRef: { name: 'chat-postgres-app', key: 'password' } }],
        ['DATABASE_READ_URL', 'postgres://$(DATABASE_READ_USER):$(DATABASE_READ_PASSWORD)@chat-postgres-ro:5432/chat'],
      ],
    );
    const lone = render({ ...specs.everything, database: { cloudNativePG: { instances: 1 } } });
    assert.doesNotMatch(JSON.stringify(lone), /DATABASE_READ_/);
  });

  it('lets the first administrator in by a link where none is named, and starts without it', () => {
    const plain = render(specs.smallest);
    const { containers, volumes } = podOf(plain, 'api');
    const mount = containers[0]!.volumeMounts.find(({ name }) => name === 'admin-link');
    assert.equal(`${mount?.mountPath}/token`, envOf(plain, 'api').ADMIN_LINK_FILE);
    assert.deepEqual(volumes.find(({ name }) => name === 'admin-link')?.secret, {
      secretName: 'chat-admin-link',
      items: [{ key: 'token', path: 'token' }],
      defaultMode: 0o440,
      optional: true,
    });
    for (const pod of [podOf(plain, 'realtime'), podOf(plain, 'worker'), podOf(objects, 'api')]) {
      assert.doesNotMatch(JSON.stringify(pod), /admin-link/);
    }
    const secret = renderSecret(
      clusterOf({ ...specs.smallest, access: { host: 'chat.example.com', scheme: 'https' } }),
      'adminLink',
      'a'.repeat(48),
    );
    assert.deepEqual(secret.stringData, {
      token: 'a'.repeat(48),
      url: `https://chat.example.com/#/admin-link?token=${'a'.repeat(48)}`,
    });
  });

  it('lets out to the servers that it names', () => {
    assert.deepEqual(egressPorts(objects, 'api'), [5432, 6379, 465, 587, 8443, 9000]);
    assert.deepEqual(egressPorts(objects, 'realtime'), [5432, 6379]);
    const known = render(specs.external, { ...facts, externalPorts: { mail: [2525] } });
    assert.deepEqual(egressPorts(known, 'worker'), [5432, 6379, 2525, 8443, 9000]);
  });

  it('rolls the pods when a provider changes', () => {
    const checksum = (issuer: string) => {
      const providers = [{ name: 'work', type: 'OpenIDConnect' as const, issuer, clientSecretRef: { name: 'work' } }];
      const { template } = find(render({ ...specs.smallest, auth: { providers } }), 'Deployment/chat-api').spec as {
        template: { metadata: object };
      };
      return JSON.stringify(template.metadata);
    };
    assert.notEqual(checksum('https://one.example.com'), checksum('https://two.example.com'));
  });

  it('tells people without the operator which Secrets it needs', () => {
    const written = { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', metadata: { name: 'chat' }, spec: specs.external };
    const { given } = listNeededSecrets(written, { version: '1.4.0' });
    assert.ok(given.includes('bucket (key ACCESS_KEY_ID, key ACCESS_SECRET_KEY)'), given.join('; '));
    assert.ok(given.includes('postgres (key url)'), given.join('; '));
  });
});

describe('a volume of files', () => {
  it('is kept apart from the pods, which stay on one node with it', () => {
    const objects = render(specs.everything);
    const claim = find(objects, 'PersistentVolumeClaim/chat-files');
    assert.deepEqual(claim.spec, {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'shared',
      resources: { requests: { storage: '20Gi' } },
    });
    assert.equal(claim.metadata.ownerReferences, undefined);
    for (const role of ['api', 'worker']) {
      assert.equal(envOf(objects, role).FILES_DIR, '/files');
      assert.equal(podOf(objects, role).affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution.length, 1);
    }
    assert.equal(envOf(objects, 'realtime').FILES_DIR, '/files');
    assert.equal(podOf(objects, 'realtime').volumes.length, 1);
    assert.equal(podOf(objects, 'realtime').affinity?.podAffinity, undefined);
  });

  it('that many nodes can mount keeps nobody anywhere', () => {
    const objects = render({ ...specs.smallest, files: { volume: { accessMode: 'ReadWriteMany' } } });
    assert.deepEqual((find(objects, 'PersistentVolumeClaim/chat-files').spec as { accessModes: string[] }).accessModes, ['ReadWriteMany']);
    assert.equal(podOf(objects, 'api').affinity, undefined);
  });
});
