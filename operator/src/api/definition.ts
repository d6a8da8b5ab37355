import type { JsonSchema } from './schema.ts';

export const GROUP = 'chatcluster.dev';
export const VERSION = 'v1beta1';

export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

export interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description?: string;
  /** 1: shown by `-o wide` only. */
  priority?: 1;
}

interface Definition {
  kind: string;
  plural: string;
  shortName: string;
  categories: string[];
  /** Of the whole object. */
  root: JsonSchema;
  columns: Column[];
  /** Subresources besides `status`. */
  subresources?: object;
}

export function defineCrd({ kind, plural, shortName, categories, root, columns, subresources }: Definition): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: [shortName], categories },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {}, ...subresources },
          additionalPrinterColumns: columns,
          // A copy without what is no JSON: the twins of the rules.
          schema: { openAPIV3Schema: JSON.parse(JSON.stringify(root)) as object },
        },
      ],
    },
  };
}
