import { check, choice, defaulted, flag, list, type Node, numberOrText, record, required, textLike, whole } from './schema.ts';
import { afterScheme, exactlyOne, has, duration, secretKeyRef, secretRef, sharedStorage } from './common.ts';
import { email, emails, s3 } from './spec-data.ts';

export const image = record('Where the image of the server comes from. Its tag is spec.version.', {
  registry: textLike('Registry; when absent, as the repository says.', 253, [
    '^[A-Za-z0-9.:-]+$',
    'write a registry such as registry.example.com',
  ]),
  repository: textLike("Repository; when absent, the operator's setting.", 253, [
    '^[a-z0-9]+([._/-]+[a-z0-9]+)*$',
    'write a repository such as chatcluster/server',
  ]),
  digest: textLike('Digest.', 71, ['^sha256:[0-9a-f]{64}$', 'write a digest: sha256: and 64 digits from 0 to f']),
  pullPolicy: choice("When nodes pull the image; when absent, the operator's setting.", ['Always', 'IfNotPresent', 'Never']),
  pullSecrets: defaulted(list('Secrets for pulling.', secretRef('A Secret.'), { max: 10 }), []),
});

const provider = check(
  record('A place where people sign in.', {
    name: required(
      textLike('Short name; it is part of addresses.', 40, [
        '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
        'write lower-case letters, digits and dashes',
      ]),
    ),
    type: required(choice('What it speaks.', ['OpenIDConnect', 'GitHub'])),
    issuer: textLike('Issuer of OpenID Connect.', 512, [`^https://${afterScheme}`, 'write an address such as https://login.example.com']),
    clientSecretRef: required(secretRef('Secret with the keys clientId and clientSecret.')),
  }),
  {
    rule: "self.type != 'OpenIDConnect' || has(self.issuer)",
    holds: (self) => (self as { type: string }).type !== 'OpenIDConnect' || has(self, 'issuer'),
    message: 'OpenIDConnect needs an issuer: write issuer: https://login.example.com',
  },
);

export const auth = record('Who may come in.', {
  signingKeysSecretRef: secretRef(
    'Secret with the key "keys": a JSON Web Key Set or PEM of Ed25519 keys, of which the first signs tokens. When absent, the server makes and keeps its own.',
  ),
  guests: defaulted(record('People without an account.', { enabled: defaulted(flag('Whether they may come in.'), false) }), {}),
  providers: defaulted(list('Places where people sign in, besides passwords.', provider, { max: 20, keys: ['name'] }), []),
  admins: defaulted(
    emails(
      'Addresses of administrators: who has proven one is one. When empty, the Secret <name>-admin-link has a link that makes the first one.',
    ),
    [],
  ),
});

const publicEndpoint = textLike('Address of the store for browsers; when absent, endpoint.', 512, [
  `^https?://${afterScheme}`,
  'write an address such as https://files.example.com',
]);

export const files = check(
  record('Where uploaded files are kept: one of s3, volume.', {
    s3: s3('A bucket.', { publicEndpoint }),
    volume: sharedStorage('A volume in the cluster.', '10Gi'),
  }),
  exactlyOne(['s3', 'volume'], 'write exactly one of s3, volume'),
);

export const mail = record('Sending mail.', {
  smtpSecretRef: required(secretKeyRef('Secret key with the URL, smtps://user:password@host:465.')),
  from: email('Sender; when absent, no-reply@ and access.host.'),
});
export const push = record('Web push.', {
  vapidSecretRef: secretRef('Secret with the keys publicKey and privateKey; when absent, the server makes and keeps its own.'),
});

const million = 1_000_000;
const maximum = 2_147_483_647;

/** Names and meanings are those of session:ready.limits; a test compares the figures with the server's. */
export const limitFields = {
  messageMaxChars: whole('Longest message, in characters. Absent: 8000.', 1, 100_000),
  eventMaxBytes: whole('Largest event from a client, in bytes. Absent: 65536.', 1_024, million),
  attachmentsPerMessage: whole('Files of one message. Absent: 10.', 0, 100),
  fileMaxBytes: whole('Largest file, in bytes. Absent: 26214400.', 1, maximum),
  groupMaxMembers: whole('Most members of a group. Absent: 10000.', 2, million),
  conversationsPerUser: whole('Conversations of one person. Absent: 10000.', 1, million),
  accessTokenSeconds: whole('How long an access token lasts. Absent: 900.', 60, 86_400),
  refreshTokenSeconds: whole('How long a device stays signed in. Absent: 2592000.', 3_600, 31_536_000),
  messagesPerSecond: whole('Messages of one person per second. Absent: 10.', 1, 10_000),
  messageBurst: whole('Messages of one person at once. Absent: 30.', 1, 10_000),
  eventsPerSecond: whole('Events of one socket per second. Absent: 50.', 1, 10_000),
  eventBurst: whole('Events of one socket at once. Absent: 200.', 1, 10_000),
  handshakesPerSecondPerAddress: whole('New sockets per second of one address. Absent: 20.', 1, million),
  handshakesPerSecondPerPod: whole('New sockets per second of one pod. Absent: 300.', 1, million),
  socketsPerUser: whole('Sockets of one person. Absent: 20.', 1, 10_000),
  unreadBytesPerSocket: whole('Bytes that wait for a slow reader before it is cut off. Absent: 1048576.', 65_536, maximum),
} satisfies Record<string, Node<number>>;

export const limits = record('Limits on what people and sockets may do.', limitFields);

export const retention = record('How long things are kept; when absent, for good.', {
  messages: duration('How long messages are kept.'),
  audit: duration('How long the audit log is kept.'),
});

export const shutdown = record('How a pod leaves.', {
  preStopSeconds: defaulted(whole('Wait before the drain begins, so that no new connection comes.', 0, 60), 5),
  drainSeconds: defaulted(whole('Over how long sockets are moved to other pods.', 0, 3_600), 60),
  terminationGracePeriodSeconds: defaulted(whole('After how long Kubernetes ends the pod by force.', 1, 7_200), 90),
});

export const upgrade = record('How a change is rolled out.', {
  maxSurge: defaulted(numberOrText('How many new pods start at once: a number or a percentage.', '^[1-9][0-9]{0,2}%?$'), '25%'),
  migrationTimeoutSeconds: defaulted(whole('How long the migration of the database may take.', 10, 86_400), 600),
  autoRollback: defaulted(flag('Whether the previous release comes back when the new one does not become ready.'), true),
});

const auto = (of: string) => defaulted(choice(of, ['Auto', 'Enabled', 'Disabled']), 'Auto');

export const monitoring = record('Objects for Prometheus and Grafana. Auto: when the cluster knows their kind.', {
  serviceMonitor: auto('A ServiceMonitor: what Prometheus reads.'),
  rules: auto('A PrometheusRule: alerts.'),
  dashboards: auto('A ConfigMap with a dashboard, labelled grafana_dashboard. Auto: when there is a ServiceMonitor.'),
});

export const version = textLike('Which release runs; when absent, that of the operator.', 128, [
  '^[0-9A-Za-z_][0-9A-Za-z_.-]*$',
  'write a release such as 1.4.0',
]);
