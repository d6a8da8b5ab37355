import { Document, isScalar, visit } from 'yaml';
import { listCrds } from './crds.ts';
import { referencePages } from './reference.ts';

/** What fits is written in one line. With one line per key the file would be twice as large. */
const FLOW_MAX = 5_000;

/** YAML as a person would format it: small things in one line. */
export function toYaml(value: object): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Map: (_key, node) => {
      if (JSON.stringify(node).length <= FLOW_MAX) node.flow = true;
    },
    Seq: (_key, node) => {
      if (node.items.every(isScalar)) node.flow = true;
    },
    Scalar: (_key, node) => {
      // Parsers of YAML 1.1, kubectl's among them, take a bare question mark in a flow map for a key.
      if (typeof node.value === 'string' && node.value.includes('?')) node.type = 'QUOTE_SINGLE';
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

const notice = '# Generated from operator/src/api by "make gen"; do not edit.\n';

/** Files made from the schema, with paths from the root of the repository. */
export function generateApiFiles(): { path: string; text: string }[] {
  return [
    ...listCrds().map((crd) => ({ path: `operator/generated/${crd.metadata.name}.yaml`, text: notice + toYaml(crd) })),
    ...Object.entries(referencePages()).map(([name, text]) => ({ path: `docs/reference/${name}.md`, text })),
  ];
}
