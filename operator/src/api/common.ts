import { type CelRule, check, defaulted, list, type Node, numberOrText, record, required, text, textLike, textMap } from './schema.ts';

const quantityPattern = '^([0-9]+([.][0-9]+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti)?$';

/** A size of a volume, which may grow only. */
export function storageSize(description: string): Node<string> {
  return check(
    text(description, { max: 20 }),
    { rule: "isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))", message: 'write a size such as 10Gi' },
    {
      rule: '!isQuantity(self) || !isQuantity(oldSelf) || quantity(self).compareTo(quantity(oldSelf)) >= 0',
      message: 'storage can grow but not shrink: write the present size or a larger one',
    },
  );
}

export function duration(description: string): Node<string> {
  return textLike(description, 12, ['^[1-9][0-9]{0,6}[smhdw]$', 'write a duration as a whole number and a unit (s, m, h, d, w), such as 14d']);
}

export function storage(description: string, size: string) {
  const fields = {
    size: defaulted(storageSize('How large the volume is. It can grow later (if the storage class allows it), never shrink.'), size),
    storageClassName: text("Storage class of the volume; when absent, the cluster's default class."),
  };
  return check(record(description, fields), sameStorageClass);
}

const sameStorageClass: CelRule = {
  rule: "(has(self.storageClassName) ? self.storageClassName : '') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '')",
  message: 'storageClassName cannot change once the volume exists: write the present one; to move, back up and restore into a new ChatCluster',
};

export function secretKeyRef(description: string, key?: string) {
  const keyNode = text('Key inside of the Secret.', { max: 253 });
  return record(description, {
    name: required(text('Name of a Secret in the namespace of the ChatCluster.')),
    key: key === undefined ? required(keyNode) : defaulted(keyNode, key),
  });
}

export function secretRef(description: string) {
  return record(description, { name: required(text('Name of a Secret in the namespace of the ChatCluster.')) });
}

function amounts(description: string) {
  const quantity = (of: string) => numberOrText(of, 20, quantityPattern);
  return record(description, {
    cpu: quantity('Processor time in cores, such as 250m or 2.'),
    memory: quantity('Memory, such as 512Mi.'),
    'ephemeral-storage': quantity('Disk space of the node, such as 1Gi.'),
  });
}

export function resources(description: string) {
  return record(description, {
    requests: amounts('What the scheduler reserves for a pod.'),
    limits: amounts('What a pod may use at most. A limit on cpu slows sockets down: better set memory only.'),
  });
}

export function labelSelector(description: string) {
  const expression = record('One requirement on a label.', {
    key: required(text('Key of the label.', { max: 317 })),
    operator: required(textLike('In, NotIn, Exists or DoesNotExist.', 12, ['^(In|NotIn|Exists|DoesNotExist)$', 'write In, NotIn, Exists or DoesNotExist'])),
    values: list('Values for In and NotIn.', text('A value.', { max: 63, min: 0 }), { max: 20 }),
  });
  return record(description, {
    matchLabels: textMap('Labels that must have exactly these values.', { max: 20, value: 63 }),
    matchExpressions: list('Requirements that must all hold.', expression, { max: 20 }),
  });
}

/** How many of several alternatives are set. */
export function countOf(...fields: string[]): string {
  return `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(given, given).size()`;
}
