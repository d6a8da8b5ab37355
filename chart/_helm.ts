import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);
export const chartDir = import.meta.dirname;
export const RELEASE = 'chatcluster-operator';
/** Without a cluster Helm takes that of its build, which for some builds is very old. */
export const KUBERNETES = ['--kube-version', '1.37.0'];
export const NAMESPACE = 'chatcluster-system';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  // The tests look into objects of every kind.
  [field: string]: unknown;
}

export interface Helm extends Disposable {
  /** 3 where the caller put that one into KUBEBUILDER_ASSETS; ours is 4. */
  major: number;
  run(...args: string[]): Promise<string>;
  /** Standard error of a call that has to fail. */
  fail(...args: string[]): Promise<string>;
  template(values?: object, options?: { release?: string; namespace?: string; args?: string[] }): Promise<Manifest[]>;
}

/** The real program, with folders of its own. */
export async function createHelm(env: Record<string, string> = {}): Promise<Helm> {
  const program = await ensureTool('helm');
  const home = mkdtempSync(join(tmpdir(), 'chat-helm-'));
  const folders = { HELM_CONFIG_HOME: home, HELM_CACHE_HOME: home, HELM_DATA_HOME: home, HOME: home };
  const call = async (args: string[]) => {
    const { stdout } = await run(program, args, { env: { PATH: process.env.PATH, ...folders, ...env }, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  };
  const major = Number(/^v(\d+)\./.exec(await call(['version', '--short']))?.[1]);
  return {
    major,
    run: (...args) => call(args),
    async fail(...args) {
      const error = await call(args).then(
        () => undefined,
        (failure: { stderr: string }) => failure,
      );
      if (!error) throw new Error(`helm ${args.join(' ')} was expected to fail`);
      return error.stderr;
    },
    async template(values = {}, { release = RELEASE, namespace = NAMESPACE, args = [] } = {}) {
      return readManifests(
        await call(['template', release, chartDir, '--namespace', namespace, ...KUBERNETES, ...setValues(values), ...args]),
      );
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** `--set-json` for each top key. */
export function setValues(values: object): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]);
}

export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`);
  return found[0]!;
}

/** What belongs to the installation itself: no CRD, no tests. */
export function installed(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(({ kind, metadata }) => kind !== 'CustomResourceDefinition' && !metadata.annotations?.['helm.sh/hook']);
}
