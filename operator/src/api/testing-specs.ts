import fc from 'fast-check';
import type { ChatClusterSpec } from './spec.ts';
import { spec } from './spec.ts';
import type { JsonSchema } from './schema.ts';

/** The regular expression that a text must match, read from its rule. */
function patternOf(schema: JsonSchema): string | undefined {
  const found = schema['x-kubernetes-validations']?.map(({ rule }) => /^self\.matches\(r'(.*)'\)$/.exec(rule)?.[1]).find(Boolean);
  return found ?? schema.pattern;
}

function isQuantity(schema: JsonSchema): boolean {
  return schema['x-kubernetes-validations']?.some(({ rule }) => rule.startsWith('isQuantity(self)')) ?? false;
}

const quantity = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('Mi', 'Gi', 'Ti')).map(([amount, unit]) => `${amount}${unit}`);
const plainText = (min: number, max: number) =>
  fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/).filter(({ length }) => length >= min && length <= max);

function textArbitrary(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = 100 } = schema;
  if (isQuantity(schema)) return quantity;
  const pattern = patternOf(schema);
  if (pattern === undefined) return plainText(minLength, maxLength);
  // "Anything but" would give text that no person writes.
  const plain = pattern.replaceAll('.+', '[a-z0-9]+').replaceAll(/\[\^[^\]]+\]/g, '[a-z0-9]');
  return fc.stringMatching(new RegExp(plain)).filter(({ length }) => length <= maxLength);
}

function arrayArbitrary(schema: JsonSchema): fc.Arbitrary<unknown> {
  const items = arbitraryOf(schema.items!);
  const lengths = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) };
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined) return fc.array(items, lengths);
  return fc.uniqueArray(items, {
    ...lengths,
    selector: (item) => JSON.stringify(keys.map((key) => (item as Record<string, unknown>)[key])),
  });
}

function objectArbitrary(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.additionalProperties) {
    return fc.dictionary(plainText(1, 20), arbitraryOf(schema.additionalProperties), { maxKeys: 3, noNullPrototype: true });
  }
  const fields = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, field]) => [name, arbitraryOf(field)]));
  return fc.record(fields, { requiredKeys: schema.required ?? [], noNullPrototype: true });
}

/** Any value that the types and bounds of a schema allow; rules over several fields are seen to afterwards. */
function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema['x-kubernetes-int-or-string'])
    return fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(schema.pattern?.includes('%') ? '30%' : '250m'));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return textArbitrary(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 100 });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return arrayArbitrary(schema);
    default:
      return objectArbitrary(schema);
  }
}

interface Loose {
  [field: string]: Loose | undefined;
}

function keepOne(holder: Loose | undefined, kinds: string[], fallback: string): void {
  if (!holder) return;
  const kept = kinds.find((kind) => holder[kind] !== undefined) ?? fallback;
  for (const kind of kinds) if (kind !== kept) delete holder[kind];
  holder[kept] ??= {};
}

/** Makes it obey the rules that look at several fields. */
function obeyRules(value: unknown): ChatClusterSpec {
  const given = value as ChatClusterSpec;
  const loose = value as Loose;
  keepOne(loose.database, ['external', 'cloudNativePG', 'evaluation'], 'evaluation');
  keepOne(loose.redis, ['external', 'managed'], 'managed');
  if (given.files) keepOne(loose.files, ['s3', 'volume'], 'volume');
  if (given.backup) keepOne(loose.backup?.target, ['s3', 'volume'], 'volume');
  // No range runs backwards, and names are those of days.
  if (/[-A-Z]/.test(given.backup?.schedule ?? '')) given.backup!.schedule = '0 3 * * MON-FRI';
  if (given.replicas === 0) given.replicas = 1;
  if (given.autoscaling) delete given.autoscaling.minReplicas;
  if (given.autoscaling?.maxReplicas) given.autoscaling.maxReplicas += 1;
  if (given.autoscaling?.maxReplicas) given.autoscaling.maxReplicas = Math.min(given.autoscaling.maxReplicas, 1_000);
  if (given.shutdown) given.shutdown.terminationGracePeriodSeconds = 7_200;
  if (given.access?.gateway) {
    delete given.access.ingress;
    const { gateway } = given.access;
    gateway.parentRefs = [...new Map(gateway.parentRefs.map((parent) => [parent.name, parent])).values()];
  }
  if (given.access?.gateway || given.access?.ingress) given.access.host ??= 'chat.example.com';
  if (given.mail || given.auth?.providers?.length) given.access = { host: 'chat.example.com', ...given.access };
  for (const provider of given.auth?.providers ?? []) provider.issuer ??= 'https://login.example.com';
  obeyResourceRules(given);
  obeyPodRules(given.podTemplate ?? {});
  return given;
}

function obeyResourceRules({ roles, database, redis }: ChatClusterSpec): void {
  const parts = [roles?.api, roles?.worker, roles?.realtime, database.cloudNativePG, database.evaluation, redis.managed];
  for (const { resources } of parts.filter((part) => part !== undefined)) if (resources?.limits) delete resources.requests;
}

function obeyPodRules({ env = [], envFrom = [], tolerations = [], affinity }: NonNullable<ChatClusterSpec['podTemplate']>): void {
  for (const variable of env) {
    const { value, valueFrom = {} } = variable;
    const [kind] = Object.keys(valueFrom) as (keyof typeof valueFrom)[];
    if (kind === undefined || value !== undefined) delete variable.valueFrom;
    else variable.valueFrom = { [kind]: valueFrom[kind] };
  }
  for (const source of envFrom) {
    if (source.secretRef) delete source.configMapRef;
    else source.configMapRef ??= { name: 'more' };
  }
  for (const toleration of tolerations) {
    if (toleration.operator === 'Exists') delete toleration.value;
    else toleration.key ??= 'chat';
    if (toleration.effect !== 'NoExecute') delete toleration.tolerationSeconds;
  }
  const { requiredDuringSchedulingIgnoredDuringExecution: must, preferredDuringSchedulingIgnoredDuringExecution: may } =
    affinity?.nodeAffinity ?? {};
  const terms = [...(must?.nodeSelectorTerms ?? []), ...(may ?? []).map(({ preference }) => preference)];
  for (const requirement of terms.flatMap(({ matchExpressions }) => matchExpressions ?? [])) {
    if (['In', 'NotIn'].includes(requirement.operator)) requirement.values ??= ['a'];
    else delete requirement.values;
  }
}

/** Specs that the API server accepts, from the smallest to ones with every field. */
export const anySpec: fc.Arbitrary<ChatClusterSpec> = arbitraryOf(spec.schema).map(obeyRules);
