import { randomUUID } from 'node:crypto';
import { inputSchema } from '@chatcluster/protocol/openapi';
import { restSchemas, type RestOperation } from '@chatcluster/protocol/rest-schemas';

export interface JsonSchema {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  minLength?: number;
  minimum?: number;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

export const schemaOf = (operation: RestOperation): JsonSchema => inputSchema(restSchemas[operation]) as JsonSchema;

/** A value that the schema takes, or nearly: what only the server can judge may still be refused. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0]!);
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {});
      return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field)]));
    }
    case 'array':
      return schema.items ? [sampleOf(schema.items)] : [];
    case 'boolean':
      return true;
    case 'number':
    case 'integer':
      return Math.max(1, schema.minimum ?? 1);
    case 'string':
      return text(schema);
    default:
      return 1;
  }
}

function text({ format, pattern, minLength = 1 }: JsonSchema): string {
  if (format === 'uuid') return randomUUID();
  if (format === 'email') return `${randomUUID()}@example.org`;
  if (format === 'date-time') return '2026-01-01T00:00:00.000Z';
  if (format === 'uri') return 'https://example.org/';
  if (pattern?.includes('[0-9a-fA-F]{64}')) return 'a'.repeat(64);
  if (pattern?.includes(':[0-5]')) return '08:00';
  if (pattern?.includes('\\/')) return 'text/plain';
  return 'x'.repeat(Math.max(minLength, 3));
}

const deep = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;

/** Values of the wrong type for a field, and those of the right one that no text or number should be. */
export function junkFor(schema: JsonSchema): { what: string; value: unknown; isWrong: boolean }[] {
  const takes = new Set([schema.type, ...(schema.anyOf ?? []).map(({ type }) => type)]);
  const isOpen = takes.has(undefined) && schema.anyOf === undefined && schema.enum === undefined;
  const isWrong = (...types: string[]) => !isOpen && !types.some((type) => takes.has(type));
  return [
    { what: 'a number', value: 7.5, isWrong: isWrong('number') },
    { what: 'a text', value: 'x', isWrong: isWrong('string') && schema.enum === undefined },
    { what: 'true', value: true, isWrong: isWrong('boolean') },
    { what: 'null', value: null, isWrong: isWrong('null') },
    { what: 'an object', value: { a: 1 }, isWrong: isWrong('object') },
    { what: 'an array', value: [{}], isWrong: isWrong('array') },
    { what: 'deep nesting', value: deep(1_000), isWrong: isWrong('array') },
    { what: 'deep nesting in an array', value: [deep(1_000)], isWrong: true },
    {
      what: 'keys of the prototype',
      value: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown,
      isWrong: isWrong('object'),
    },
    { what: 'U+0000', value: 'a\u0000b', isWrong: false },
    { what: 'a lone surrogate', value: '\ud800', isWrong: false },
    { what: 'a long text', value: 'x'.repeat(40_000), isWrong: false },
    { what: 'a huge number', value: 1e300, isWrong: false },
    { what: 'a negative number', value: -1, isWrong: false },
  ];
}
