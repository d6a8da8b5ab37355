import { check, choice, defaulted, type Fields, list, record, required, text, textLike, textMap, whole } from './schema.ts';
import { afterScheme, exactlyOne, duration, resources, secretKeyRef, secretRef, storage } from './common.ts';

const kinds = ['external', 'cloudNativePG', 'evaluation'];

const cnpgBackup = record('Continuous backup by CloudNativePG to an object store.', {
  destinationPath: required(
    textLike('Where backups go, such as s3://bucket/folder.', 512, ['^[a-z0-9]+://.+', 'write a path such as s3://bucket/folder']),
  ),
  endpointURL: textLike('An S3-compatible store; when absent, AWS.', 512, [
    '^https?://.+',
    'write an address such as https://s3.example.com',
  ]),
  credentialsSecretRef: required(secretRef('Secret with the keys ACCESS_KEY_ID and ACCESS_SECRET_KEY.')),
  retention: defaulted(duration('How long backups are kept; CloudNativePG takes d and w.'), '14d'),
});

export const database = check(
  record('Where messages are kept: exactly one of external, cloudNativePG, evaluation.', {
    external: record('A Postgres (16 or newer) of your own.', {
      urlSecretRef: required(secretKeyRef('Secret key with the URL, postgres://user:password@host:5432/database?sslmode=verify-full.')),
      readUrlSecretRef: secretKeyRef(
        'Secret key with the URL of read replicas (several: separated by commas). History and search are read from those that are not behind.',
      ),
      caSecretRef: secretKeyRef('Secret key with the CA of its certificate, and of the replicas, in PEM.'),
    }),
    cloudNativePG: record('A highly available Postgres made by the CloudNativePG operator, which must be installed.', {
      instances: defaulted(whole('How many Postgres instances run: one primary, the others replicas.', 1, 9), 3),
      storage: defaulted(storage('Volume of each instance.', '10Gi'), {}),
      parameters: textMap('Settings of postgresql.conf.', { max: 100, value: 1_024 }),
      resources: resources('Resources of each instance.'),
      backup: cnpgBackup,
    }),
    evaluation: record('One small Postgres without replicas or backups, to try things out. Not for production.', {
      storage: defaulted(storage('Its volume.', '1Gi'), {}),
      resources: defaulted(resources('Resources of its pod; replaces the default as a whole.'), {
        requests: { cpu: '100m', memory: '192Mi' },
        limits: { memory: '1Gi' },
      }),
    }),
    deletionPolicy: defaulted(
      choice(
        'What happens to volumes and to their passwords when the ChatCluster is deleted. Retain keeps them: a new ChatCluster of the same name finds its data again.',
        ['Retain', 'Delete'],
      ),
      'Retain',
    ),
  }),
  exactlyOne(kinds, 'write exactly one of external, cloudNativePG, evaluation; to try things out: database: {evaluation: {}}'),
  {
    rule: kinds.map((kind) => `has(self.${kind}) == has(oldSelf.${kind})`).join(' && '),
    message: 'the kind of database cannot change, since the messages would stay behind: back up, then restore into a new ChatCluster',
    reason: 'FieldValueForbidden',
  },
);

export const redis = check(
  record('What carries messages between pods: exactly one of external, managed.', {
    external: record('Redis (7 or newer) of your own. Redis Cluster is not supported; several independent servers are.', {
      urlsSecretRef: required(
        secretKeyRef('Secret key with one URL per server, separated by commas: redis://:password@host:6379 or rediss://…'),
      ),
      caSecretRef: secretKeyRef('Secret key with the CA of their certificates, in PEM; the URLs begin with rediss://.'),
    }),
    managed: check(
      record('Small Redis servers run by the operator. Losing one costs latency, never a message.', {
        shards: defaulted(whole('How many independent servers; conversations are spread over them.', 1, 16), 1),
        storage: storage(
          'Volume of each server. With it messages are accepted even while Postgres is away; without it Redis keeps nothing over a restart.',
          '1Gi',
        ),
        resources: defaulted(resources('Resources of each server; replaces the default as a whole.'), {
          requests: { cpu: '50m', memory: '64Mi' },
          limits: { memory: '512Mi' },
        }),
      }),
      {
        rule: '!has(oldSelf.storage) || has(self.storage)',
        message: 'storage cannot be taken away again: write storage with its present size',
      },
    ),
  }),
  exactlyOne(['external', 'managed'], 'write exactly one of external, managed; the simplest is redis: {managed: {}}'),
);

export function s3<F extends Fields>(description: string, more: F) {
  return record(description, {
    ...more,
    endpoint: textLike('An S3-compatible store; when absent, AWS.', 512, [
      `^https?://${afterScheme}`,
      'write an address such as https://s3.example.com',
    ]),
    bucket: required(text('Name of the bucket.', { max: 63, min: 3 })),
    region: text('Region of the bucket.', { max: 63 }),
    prefix: text('Folder inside of the bucket.', { max: 512 }),
    credentialsSecretRef: required(secretRef('Secret with the keys ACCESS_KEY_ID and ACCESS_SECRET_KEY.')),
  });
}

/** What a CronJob takes, but for names of no day and ranges that run backwards, which Kubernetes refuses later. */
function cronField(value: string): string {
  return `([*]|${value}(-${value}|(,${value})+)?)(/[1-9][0-9]?)?`;
}

const five = ['[1-5]?[0-9]', '(1?[0-9]|2[0-3])', '([1-9]|[12][0-9]|3[01])', '([1-9]|1[0-2])', '([0-6]|[A-Z]{3})'].map(cronField).join(' +');

export const backup = record('Regular backups of the database.', {
  schedule: defaulted(
    textLike('When, in the form of cron: minute, hour, day of month, month, day of week; in UTC.', 100, [
      `^(@(hourly|daily|weekly|monthly|yearly)|${five})$`,
      'write five fields as in "0 3 * * *", or @daily',
    ]),
    '0 3 * * *',
  ),
  retention: defaulted(duration('How long backups are kept.'), '14d'),
  target: required(
    check(
      record('Where they go: exactly one of s3, volume.', { s3: s3('A bucket.', {}), volume: storage('A volume in the cluster.', '10Gi') }),
      exactlyOne(['s3', 'volume'], 'write exactly one of s3, volume'),
    ),
  ),
});

export const email = (description: string) =>
  textLike(description, 254, ['^[^@ ,]+@[^@ ,]+$', 'write an e-mail address such as ada@example.com']);

export const emails = (description: string) => list(description, email('An e-mail address.'), { max: 50 });
