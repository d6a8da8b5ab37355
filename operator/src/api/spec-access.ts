import { type CelRule, check, choice, defaulted, flag, list, record, required, text, textLike, textMap, whole } from './schema.ts';
import { has, labelSelector } from './common.ts';

// The last part begins with a letter: what ends in a number is taken for an address.
const hostPattern = '^([a-z0-9]([-a-z0-9]*[a-z0-9])?[.])*[a-z]([-a-z0-9]*[a-z0-9])?$';

const parentRef = record('A Gateway that takes the traffic.', {
  group: text('API group; when absent, gateway.networking.k8s.io.'),
  kind: text('Kind; when absent, Gateway.', { max: 63 }),
  namespace: text('Namespace of the Gateway; when absent, that of the ChatCluster.', { max: 63 }),
  name: required(text('Name of the Gateway.')),
  sectionName: text('Listener of the Gateway.'),
  port: whole('Port of the listener.', 1, 65_535),
});

interface ParentRef {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
}

const parentOf = ({ group = 'gateway.networking.k8s.io', kind = 'Gateway', namespace = '', name }: ParentRef) =>
  JSON.stringify([group, kind, namespace, name]);
const either = (of: string, field: string, fallback: string) => `(has(${of}.${field}) ? ${of}.${field} : '${fallback}')`;
const sameField = (field: string, fallback: string) => `${either('p', field, fallback)} == ${either('q', field, fallback)}`;
const sameParent = [
  'p.name == q.name',
  sameField('group', 'gateway.networking.k8s.io'),
  sameField('kind', 'Gateway'),
  // The word alone is reserved in CEL.
  sameField('__namespace__', ''),
].join(' && ');

/** What an HTTPRoute asks of them, said where they are written. */
const distinctParents: CelRule = {
  rule: `self.all(p, self.filter(q, ${sameParent}).size() == 1 || (has(p.sectionName) && self.exists_one(q, ${sameParent} && has(q.sectionName) && p.sectionName == q.sectionName)))`,
  message: 'two parentRefs name the same Gateway: leave one out, or write another sectionName in each',
  holds: (self) =>
    [...Map.groupBy(self as ParentRef[], parentOf).values()].every((same) => {
      const sections = same.map(({ sectionName }) => sectionName);
      return same.length === 1 || (!sections.includes(undefined) && new Set(sections).size === same.length);
    }),
};

const gateway = record('Make an HTTPRoute. Needs the Gateway API in the cluster.', {
  parentRefs: required(check(list('Gateways that the route attaches to.', parentRef, { max: 8, min: 1 }), distinctParents)),
  annotations: textMap('Annotations of the HTTPRoute.', { max: 50, value: 1_024 }),
});

const ingress = record('Make an Ingress. Its controller must speak WebSocket (nearly all do).', {
  className: text("Ingress class; when absent, the cluster's default."),
  tlsSecretName: text('Secret with the TLS certificate; when absent, plain HTTP.'),
  annotations: textMap('Annotations of the Ingress.', { max: 50, value: 1_024 }),
});

export const access = check(
  record('How users reach the chat.', {
    host: textLike(
      'Host name under which people open it. Without one, only what you put in front of the Services reaches it, and cookies also travel over plain HTTP.',
      253,
      [hostPattern, 'write a host name without scheme, port and path, such as chat.example.com'],
    ),
    scheme: choice('How the address begins. When absent: https for a gateway and for an ingress with tlsSecretName, else http.', [
      'http',
      'https',
    ]),
    gateway,
    ingress,
    allowedOrigins: defaulted(
      list(
        'Other web origins whose pages may connect. The own host always may.',
        textLike('An origin.', 300, ['^https?://[^/?# ]+$', 'write an origin without a path, such as https://www.example.com']),
        { max: 50 },
      ),
      [],
    ),
    trustedProxies: list(
      'Addresses or networks of proxies whose X-Forwarded-For counts. When absent: private and link-local ones if there is a gateway or an ingress, else none. Set it when people also come from private addresses.',
      textLike('An address, a network such as 10.0.0.0/8, or loopback, linklocal, uniquelocal.', 64, [
        '^(loopback|linklocal|uniquelocal|[0-9a-fA-F:.]+(/[0-9]{1,3})?)$',
        'write an address or a network such as 10.0.0.0/8',
      ]),
      { max: 50 },
    ),
  }),
  {
    rule: '!(has(self.gateway) && has(self.ingress))',
    message: 'write gateway or ingress, not both',
    holds: (self) => !(has(self, 'gateway') && has(self, 'ingress')),
  },
  {
    rule: 'has(self.host) || !(has(self.gateway) || has(self.ingress))',
    holds: (self) => has(self, 'host') || !(has(self, 'gateway') || has(self, 'ingress')),
    message: 'a route needs a host: write access.host, such as chat.example.com',
    reason: 'FieldValueRequired',
  },
);

const peer = record('Pods that may connect.', {
  namespaceSelector: labelSelector('Namespaces; when absent, that of the ChatCluster.'),
  podSelector: labelSelector('Pods of those namespaces; when absent, all.'),
});

export const networkPolicy = record('Which connections the network lets through. Needs a network plugin that enforces policies.', {
  enabled: defaulted(flag('Whether NetworkPolicies are made.'), true),
  ingressFrom: list('Who may reach the public port; when absent, everybody, as a chat is for everybody.', peer, { max: 20 }),
  metricsFrom: list(
    'Who, besides the operator, may read metrics; when absent, pods labelled app.kubernetes.io/name: prometheus in any namespace.',
    peer,
    { max: 20 },
  ),
});
