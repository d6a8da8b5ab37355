import { type CelRule, check, choice, defaulted, type Node, numberOrText, record, required, text, textLike, textMap } from './schema.ts';

const sizePattern = /^[0-9]+([.][0-9]+)?([KMGTPE]i|[numkMGTPE]|[eE][0-9]+)?$/;

/** A size of a volume, which may grow only. */
export function storageSize(description: string): Node<string> {
  return check(
    text(description, { max: 20, min: 0 }),
    {
      rule: "isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))",
      message: 'write a size such as 10Gi',
      holds: (self) => /^0*[1-9.]/.test(String(self)) && sizePattern.test(String(self)),
    },
    {
      rule: '!isQuantity(self) || quantity(self).compareTo(quantity(oldSelf)) >= 0',
      message: 'storage can grow, not shrink: write the present size or more',
    },
  );
}

export function duration(description: string): Node<string> {
  return textLike(description, 12, [
    '^[1-9][0-9]{0,6}[smhdw]$',
    'write a duration as a whole number and a unit (s, m, h, d, w), such as 14d',
  ]);
}

function storageFields(size: string) {
  return {
    size: defaulted(storageSize('It can grow later, not shrink.'), size),
    storageClassName: text("When absent, the cluster's default."),
  };
}

export function storage(description: string, size: string) {
  return check(record(description, storageFields(size)), sameStorageClass);
}

const label = '[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?';
const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
// The last part of a name begins with a letter: what ends in a number is taken for an address of IPv4.
const hostName = `((${label}[.])*[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?|(${octet}[.]){3}${octet})`;
const port = '(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})';

/** Of an address: host, port, path. Exactly what the server takes, which would not start with another. */
export const afterScheme = `${hostName}(:${port})?(/[^ ]*)?$`;

/** A volume of several pods. */
export function sharedStorage(description: string, size: string) {
  const accessMode = choice('ReadWriteOnce: its pods share a node. ReadWriteMany: they need not.', ['ReadWriteOnce', 'ReadWriteMany']);
  const fields = { ...storageFields(size), accessMode: defaulted(accessMode, 'ReadWriteOnce') };
  return check(record(description, fields), sameStorageClass);
}

const sameStorageClass: CelRule = {
  rule: "(has(self.storageClassName) ? self.storageClassName : '') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '')",
  message: 'storageClassName cannot change: write the present one',
};

export function secretKeyRef(description: string) {
  return record(description, {
    name: required(text('Its name.')),
    key: required(text('Its key.')),
  });
}

export function secretRef(description: string) {
  return record(description, { name: required(text('Its name.')) });
}

function amounts(description: string) {
  const amount = String.raw`^\d{1,9}(\.\d{1,3})?(m|k|Ki|[MGT]i?)?$`;
  return record(description, { cpu: numberOrText('Cores, such as 250m.', amount), memory: numberOrText('Bytes, such as 512Mi.', amount) });
}

const requestsFit: CelRule = {
  rule: `!has(self.requests) || !has(self.limits) || ((${fits('cpu')}) && (${fits('memory')}))`,
  message: 'requests must not be above limits',
  holds: (self) => {
    const { requests = {}, limits = {} } = self as { requests?: Amounts; limits?: Amounts };
    return (['cpu', 'memory'] as const).every((of) => limits[of] === undefined || amountOf(requests[of] ?? 0) <= amountOf(limits[of]));
  },
};

function fits(of: 'cpu' | 'memory'): string {
  const [request, limit] = [`self.requests.${of}`, `self.limits.${of}`];
  return `!has(${request}) || !has(${limit}) || !quantity(string(${request})).isGreaterThan(quantity(string(${limit})))`;
}

interface Amounts {
  cpu?: number | string;
  memory?: number | string;
}

const factors: Record<string, number> = {
  m: 1e-3,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function amountOf(quantity: number | string): number {
  const [, digits = '0', unit = ''] = /^([0-9.]+)(.*)$/.exec(String(quantity)) ?? [];
  return Number(digits) * (factors[unit] ?? 1);
}

export function resources(description: string) {
  const fields = { requests: amounts('What is reserved.'), limits: amounts('What is used at most; better not of cpu.') };
  return check(record(description, fields), requestsFit);
}

export function labelSelector(description: string) {
  return record(description, { matchLabels: textMap('Labels that must have exactly these values.', { max: 20, value: 63 }) });
}

/** The rule that just one of several alternatives is set. */
export function exactlyOne(fields: string[], message: string): CelRule {
  return {
    rule: `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(given, given).size() == 1`,
    message,
    holds: (self) => fields.filter((field) => has(self, field)).length === 1,
  };
}

/** As in CEL. */
export function has(self: unknown, field: string): boolean {
  return (self as Record<string, unknown>)[field] !== undefined;
}
