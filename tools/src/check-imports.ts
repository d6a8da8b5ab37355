import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { runMain, ServiceError } from './process.ts';

/** An import of one file of ours by another; paths are relative to the root of the repository. */
export interface Import {
  from: string;
  to: string;
  /** Erased when the program runs. */
  typeOnly: boolean;
}

export interface Source {
  path: string;
  text: string;
}

const importPattern = /^\s*(?:import|export)\s+(type\s+)?(?:([\w$*{}\s,]+?)\s+from\s+)?['"]([^'"]+)['"]/gm;
const dynamicPattern = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const decoratorPattern = /^\s*@[A-Za-z_]\w*(?:\.\w+)*(?:\(|\s*$)/m;

function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const own = /^@chatcluster\/([\w-]+)(?:\/(.+))?$/.exec(specifier);
  return own ? `${own[1]}/src/${own[2] ?? 'index'}.ts` : undefined;
}

/** `{ type A, type B }` is erased as a whole, too. */
function namesOnlyTypes(clause: string | undefined): boolean {
  const names =
    /^\{([^}]*)\}$/s
      .exec(clause?.trim() ?? '')?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '') ?? [];
  return names.length > 0 && names.every((name) => name.trim().startsWith('type '));
}

export function parseImports({ path, text }: Source): Import[] {
  const found: Import[] = [];
  for (const [, type, clause, specifier = ''] of text.matchAll(importPattern)) {
    const to = resolveImport(path, specifier);
    if (to) found.push({ from: path, to, typeOnly: type !== undefined || namesOnlyTypes(clause) });
  }
  for (const [, specifier = ''] of text.matchAll(dynamicPattern)) {
    const to = resolveImport(path, specifier);
    if (to) found.push({ from: path, to, typeOnly: false });
  }
  return found;
}

/** Tests, their shared suites, and their helpers (`_fixture.ts`, `test-app.ts`, `testing-cluster.ts`). */
const isTest = (path: string) => /\.(test|suite)\.tsx?$|(^|\/)tests?\/|\/(_|test-|testing-)[^/]+$|\/testing\.ts$/.test(path);
const packageOf = (path: string) => path.split('/')[0] ?? '';
/** `server/src/store/sql/x.ts` → `store`, `server/src/app.ts` → `app.ts`. */
const areaOf = (path: string) => /^server\/src\/([^/]+)/.exec(path)?.[1] ?? '';

/** Which packages each package may use; tools and tests may use everything. */
const packages: Record<string, string[]> = {
  protocol: [],
  client: ['protocol'],
  server: ['protocol'],
  web: ['protocol', 'client'],
  operator: ['protocol', 'cdk8s'],
  // The types and defaults of the resource are the operator's; it imports cdk8s in turn, never a cycle of files.
  cdk8s: ['operator'],
  k6: ['tools'],
  loadtest: ['protocol', 'tools'],
};

function packageFault({ from, to }: Import): string | undefined {
  const allowed = packages[packageOf(from)];
  if (!allowed || packageOf(from) === packageOf(to) || allowed.includes(packageOf(to))) return undefined;
  return `${packageOf(from)} may import ${allowed.join(' and ') || 'nothing of ours'}`;
}

function serverFault({ from, to, typeOnly }: Import): string | undefined {
  const [source, target] = [areaOf(from), areaOf(to)];
  if (!source || !target || source === target) return undefined;
  if (target === 'app.ts' && source !== 'main.ts') return 'only main.ts and tests import app';
  if (target === 'main.ts') return 'nothing imports main.ts';
  if (target === 'transport' && ['store', 'fanout', 'ingest'].includes(source)) return `${source} never imports transport`;
  if (source === 'domain')
    return target === 'store' && typeOnly ? undefined : 'domain is pure: it imports protocol, and types of the store';
  if (target === 'domain' && source !== 'operations' && !(source === 'store' && typeOnly))
    return 'domain is imported by operations, and by store for types';
  if (target === 'operations' && source !== 'app.ts' && !(source === 'transport' && typeOnly))
    return 'operations is imported by app, and by transport for types';
  return undefined;
}

function webFault({ from, to }: Import): string | undefined {
  return from.startsWith('web/src/views/') && packageOf(to) === 'client' ? 'views know view models, never the SDK' : undefined;
}

/** One line for each import that goes in a forbidden direction. */
export function findFaults(imports: Import[]): string[] {
  return imports.flatMap((each) => {
    if (isTest(each.from)) return [];
    const fault = packageFault(each) ?? serverFault(each) ?? webFault(each);
    return fault ? [`${each.from} imports ${each.to}: ${fault}`] : [];
  });
}

/** Each cycle once, as `a → b → a`. Imports that are erased cannot make one at run time. */
export function findCycles(imports: Import[]): string[] {
  const edges = Map.groupBy(
    imports.filter(({ typeOnly }) => !typeOnly),
    ({ from }) => from,
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}

/** Node runs the sources as they are, and a decorator cannot be erased; the compiler's own option does not refuse it. */
export function findDecorators(sources: Source[]): string[] {
  return sources.filter(({ text }) => decoratorPattern.test(text)).map(({ path }) => `${path}: decorators are not erasable syntax`);
}

function readSources(root: string): Source[] {
  const files = globSync('{protocol,client,server,web,operator,cdk8s,chart,k6,loadtest,tools,tests}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  });
  return files.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.main) {
  runMain(async () => {
    const sources = readSources(join(import.meta.dirname, '../..'));
    const imports = sources.flatMap(parseImports);
    const faults = [...findFaults(imports), ...findCycles(imports).map((cycle) => `cycle: ${cycle}`), ...findDecorators(sources)];
    if (faults.length > 0) throw new ServiceError(faults.join('\n'));
    process.stdout.write(`${imports.length} imports of ${sources.length} files go in allowed directions\n`);
  });
}
