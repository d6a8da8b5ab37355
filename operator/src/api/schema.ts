/** A small builder: one expression gives the structural schema of the CRD and, by inference, the types of what people write and of what we read. */

export interface CelRule {
  /** CEL, for the API server. */
  rule: string;
  message: string;
  /** The same in TypeScript, for people without an API server. Absent for rules about changes. Not part of the CRD. */
  holds?(self: unknown): boolean;
  fieldPath?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
}

export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema;
  maxProperties?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  enum?: readonly string[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: CelRule[];
}

type Presence = 'optional' | 'required' | 'defaulted';

/** `In` is what a person may write, `Out` what is there once defaults are applied. Both exist for the compiler only. */
export interface Node<In, Out = In, P extends Presence = 'optional'> {
  schema: JsonSchema;
  presence: P;
  in?: In;
  out?: Out;
}

type AnyNode = Node<unknown, unknown, Presence>;
export type Fields = Record<string, AnyNode>;
type Flat<T> = { [K in keyof T]: T[K] };
type KeysOf<F extends Fields, P extends Presence> = { [K in keyof F]: F[K]['presence'] extends P ? K : never }[keyof F];
export type InputOf<N extends AnyNode> = NonNullable<N['in']>;
export type OutputOf<N extends AnyNode> = NonNullable<N['out']>;
type ObjectIn<F extends Fields> = Flat<
  { [K in KeysOf<F, 'required'>]: InputOf<F[K]> } & { [K in KeysOf<F, 'optional' | 'defaulted'>]?: InputOf<F[K]> }
>;
type ObjectOut<F extends Fields> = Flat<
  { [K in KeysOf<F, 'required' | 'defaulted'>]: OutputOf<F[K]> } & { [K in KeysOf<F, 'optional'>]?: OutputOf<F[K]> }
>;

function optional<In, Out>(schema: JsonSchema): Node<In, Out> {
  return { schema, presence: 'optional' };
}

function undescribed({ description: _description, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

export function required<In, Out>(node: Node<In, Out, Presence>): Node<In, Out, 'required'> {
  return { schema: node.schema, presence: 'required' };
}

export function defaulted<In, Out>(node: Node<In, Out, Presence>, value: In): Node<In, Out, 'defaulted'> {
  return { schema: { ...node.schema, default: value }, presence: 'defaulted' };
}

/** Adds CEL rules; `self` is the value of the node. */
export function check<N extends AnyNode>(node: N, ...rules: CelRule[]): N {
  return {
    ...node,
    schema: { ...node.schema, 'x-kubernetes-validations': [...(node.schema['x-kubernetes-validations'] ?? []), ...rules] },
  };
}

export function text(description: string, { max = 253, min = 1 }: { max?: number; min?: number } = {}): Node<string> {
  return optional({ type: 'string', description, ...(min > 0 && { minLength: min }), maxLength: max });
}

/** Text that must match; the message says what to write instead, which a bare `pattern` cannot. */
export function textLike(description: string, max: number, [pattern, message]: readonly [string, string]): Node<string> {
  return check(text(description, { max, min: 0 }), {
    rule: `self.matches(r'${pattern}')`,
    message,
    holds: (self) => new RegExp(pattern).test(String(self)),
  });
}

export function choice<const T extends string>(description: string, values: readonly T[]): Node<T> {
  return optional({ type: 'string', description, enum: values });
}

export function whole(description: string, minimum: number, maximum: number): Node<number> {
  return optional({ type: 'integer', description, minimum, maximum });
}

export function flag(description: string): Node<boolean> {
  return optional({ type: 'boolean', description });
}

/** Whole number or text, such as a quantity or a percentage. */
export function numberOrText(description: string, pattern: string): Node<number | string> {
  return optional({ description, 'x-kubernetes-int-or-string': true, pattern });
}

export function record<F extends Fields>(description: string, fields: F): Node<ObjectIn<F>, ObjectOut<F>> {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, node]) => [name, node.schema]));
  const needed = Object.keys(fields).filter((name) => fields[name]?.presence === 'required');
  return optional({ type: 'object', description, ...(needed.length > 0 && { required: needed }), properties });
}

export function list<In, Out>(
  description: string,
  items: Node<In, Out, Presence>,
  { max, min, keys }: { max: number; min?: number; keys?: string[] },
): Node<In[], Out[]> {
  return optional({
    type: 'array',
    description,
    ...(min !== undefined && { minItems: min }),
    maxItems: max,
    // Nobody is shown the description of an item; the list has one.
    items: undescribed(items.schema),
    ...(keys && { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
  });
}

export function textMap(description: string, { max, value }: { max: number; value: number }): Node<Record<string, string>> {
  return optional({ type: 'object', description, maxProperties: max, additionalProperties: { type: 'string', maxLength: value } });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the API server does with `default`: from the outside in, also inside of a default, never over a value that is there. */
export function applyDefaults(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => applyDefaults(schema.items!, item)) : value;
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    // The API server drops null where the schema has a default and does not allow null.
    if ((result[name] === undefined || result[name] === null) && field.default !== undefined) result[name] = structuredClone(field.default);
    if (result[name] === undefined) delete result[name];
    else result[name] = applyDefaults(field, result[name]);
  }
  return result;
}
