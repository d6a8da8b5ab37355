import { check, choice, defaulted, flag, list, record, required, text, textLike, textMap, whole } from './schema.ts';
import { exactlyOne, has, labelSelector, secretRef } from './common.ts';

const bearable = record('A taint that the pods bear.', {
  key: text('Key of the taint; when absent, every key.', { max: 317 }),
  operator: choice('Exists: any value. Equal: exactly this value.', ['Exists', 'Equal']),
  value: text('Value of the taint.', { max: 63, min: 0 }),
  effect: choice('Effect of the taint; when absent, every effect.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  tolerationSeconds: whole('How long a NoExecute taint is borne.', 0, 86_400),
});
interface Toleration {
  operator?: string;
  effect?: string;
}
const toleration = check(
  bearable,
  {
    rule: "has(self.operator) && self.operator == 'Exists' ? !has(self.value) : has(self.key)",
    message: 'operator Exists goes without value; without it write key (and value)',
    holds: (self) => ((self as Toleration).operator === 'Exists' ? !has(self, 'value') : has(self, 'key')),
  },
  {
    rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
    message: 'tolerationSeconds needs effect: NoExecute',
    holds: (self) => !has(self, 'tolerationSeconds') || (self as Toleration).effect === 'NoExecute',
  },
);

const nodeRequirement = check(
  record('One requirement on a label of the node.', {
    key: required(text('Key of the label.', { max: 317 })),
    operator: required(choice('How key and values relate.', ['In', 'NotIn', 'Exists', 'DoesNotExist'])),
    values: list('Values for In and NotIn.', text('A value.', { max: 63, min: 0 }), { min: 1, max: 20 }),
  }),
  {
    rule: "has(self.values) == (self.operator in ['In', 'NotIn'])",
    message: 'write values with In and NotIn, and only with them',
    holds: (self) => has(self, 'values') === ['In', 'NotIn'].includes((self as { operator: string }).operator),
  },
);
const nodeTerm = record('Requirements that must all hold.', { matchExpressions: list('The requirements.', nodeRequirement, { max: 20 }) });
const weight = required(whole('How much it counts.', 1, 100));
const podTerm = record('Pods to be near to, or far from.', {
  labelSelector: labelSelector('Labels of those pods.'),
  topologyKey: required(text('Label of the node that says what near means, such as kubernetes.io/hostname.', { max: 317 })),
});

function podAffinity(description: string) {
  const preferred = record('A wish and how much it counts.', { weight, podAffinityTerm: required(podTerm) });
  return record(description, {
    requiredDuringSchedulingIgnoredDuringExecution: list('What must hold.', podTerm, { max: 10 }),
    preferredDuringSchedulingIgnoredDuringExecution: list('What should hold.', preferred, { max: 10 }),
  });
}

const affinity = record('Where pods go; as in a Pod.', {
  nodeAffinity: record('By labels of nodes.', {
    requiredDuringSchedulingIgnoredDuringExecution: record('What must hold.', {
      nodeSelectorTerms: required(list('Terms, one of which must hold.', nodeTerm, { min: 1, max: 10 })),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      'What should hold.',
      record('A wish and how much it counts.', { weight, preference: required(nodeTerm) }),
      { max: 10 },
    ),
  }),
  podAntiAffinity: podAffinity('Far from other pods.'),
});

const spread = record('How pods are spread over zones or nodes.', {
  maxSkew: required(whole('How uneven it may be.', 1, 100)),
  topologyKey: required(text('Label of the node, such as topology.kubernetes.io/zone.', { max: 317 })),
  whenUnsatisfiable: required(choice('What happens when it cannot be met.', ['DoNotSchedule', 'ScheduleAnyway'])),
});

const podFields = ['metadata.name', 'metadata.namespace', 'spec.nodeName', 'status.hostIP', 'status.podIP'] as const;
const keyOf = (of: string) =>
  record(of, { name: required(text('Its name.')), key: required(text('Its key.')), optional: flag('Whether it may be missing.') });
const ownVariables = "['ROLE', 'POD_ID', 'PORT', 'ADMIN_PORT', 'DATABASE_URL', 'REDIS_URLS', 'REDIS_PASSWORD']";
const variable = check(
  record('A variable of the environment.', {
    name: required(textLike('Its name.', 128, ['^[A-Za-z_][A-Za-z0-9_]*$', 'write letters, digits and underscores, such as LOG_LEVEL'])),
    value: text('Its value.', { max: 4_096, min: 0 }),
    valueFrom: check(
      record('Where its value comes from.', {
        secretKeyRef: keyOf('A key of a Secret.'),
        configMapKeyRef: keyOf('A key of a ConfigMap.'),
        fieldRef: record('A field of the pod.', { fieldPath: required(choice('Which field.', podFields)) }),
      }),
      exactlyOne(['secretKeyRef', 'configMapKeyRef', 'fieldRef'], 'write exactly one of secretKeyRef, configMapKeyRef, fieldRef'),
    ),
  }),
  {
    rule: `!(self.name in ${ownVariables})`,
    holds: (self) => !ownVariables.includes(`'${(self as { name: string }).name}'`),
    message: `the operator sets ${ownVariables.replaceAll("'", '').slice(1, -1)}: leave them out`,
  },
  {
    rule: '!(has(self.value) && has(self.valueFrom))',
    message: 'write value or valueFrom, not both',
    holds: (self) => !(has(self, 'value') && has(self, 'valueFrom')),
  },
);

const source = check(
  record('Variables from a Secret or a ConfigMap.', {
    secretRef: secretRef('A Secret.'),
    configMapRef: record('A ConfigMap.', { name: required(text('Its name.')) }),
  }),
  exactlyOne(['secretRef', 'configMapRef'], 'write exactly one of secretRef, configMapRef'),
);

export const podTemplate = record('Additions to the pods of the server.', {
  labels: check(textMap('More labels.', { max: 30, value: 63 }), {
    rule: "self.all(key, !key.startsWith('app.kubernetes.io/'))",
    holds: (self) => Object.keys(self as object).every((key) => !key.startsWith('app.kubernetes.io/')),
    message: 'labels that begin with app.kubernetes.io/ are set by the operator: write others',
  }),
  annotations: textMap('More annotations.', { max: 50, value: 4_096 }),
  nodeSelector: textMap('Labels that a node must have.', { max: 20, value: 63 }),
  tolerations: list('Taints that the pods bear.', toleration, { max: 20 }),
  affinity,
  topologySpreadConstraints: list('How pods are spread; when absent, evenly over zones and nodes where possible.', spread, {
    max: 8,
    // Of a Deployment too: server-side apply could not tell two such items apart.
    keys: ['topologyKey', 'whenUnsatisfiable'],
  }),
  priorityClassName: text('Priority class of the pods.'),
  env: list('More variables of the environment; they win over those of the operator.', variable, { max: 50, keys: ['name'] }),
  envFrom: list('Variables from Secrets and ConfigMaps; those of the operator win.', source, { max: 20 }),
  imagePullSecrets: defaulted(list('Secrets for pulling images, besides those of spec.image.', secretRef('A Secret.'), { max: 10 }), []),
  serviceAccountName: text('A ServiceAccount of your own. Its token is not mounted.'),
});
