import { cpSync, existsSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Plugin } from 'rolldown';
import { ServiceError } from '../../process.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

export interface Bundle {
  /** Holds main.js, what it reads while running, and native modules. */
  dir: string;
  /** Folders of the npm packages whose code is in it, relative to the repository. */
  packages: string[];
}

const fileReference = /new URL\(\s*'(\.[^']*)',\s*import\.meta\.url\s*\)/g;

/** Data only: a folder may be a whole package. */
function copyData(from: string, to: string): void {
  if (statSync(from).isFile()) cpSync(from, to);
  else for (const file of globSync('*.{json,sql,lua}', { cwd: from })) cpSync(join(from, file), join(to, file));
}

/** Source files name the files that they read relative to themselves; in one bundled file each gets a place of its own. */
function copyReferences(outDir: string): Plugin {
  return {
    name: 'copy-references',
    transform: {
      filter: { id: { include: /\.ts$/, exclude: /node_modules/ } },
      handler(code, id) {
        if (!code.includes('import.meta.url')) return null;
        return code.replace(fileReference, (_, reference: string) => {
          const from = join(dirname(id), reference);
          const to = join('files', relative(root, from));
          mkdirSync(dirname(join(outDir, to)), { recursive: true });
          copyData(from, join(outDir, to));
          return `new URL('./${to}${reference.endsWith('/') ? '/' : ''}', import.meta.url)`;
        });
      },
    },
  };
}

/** The folder of the npm package that a module belongs to. */
function packageOf(id: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/'))?.[0];
}

/** A native module is a package with one file in it; Node finds it beside the bundle, as it does in a checkout. */
function copyNativeModule(name: string, outDir: string): void {
  const from = join(root, 'node_modules', name);
  if (!existsSync(from)) throw new ServiceError(`${name} is not installed; run: npm install`);
  const to = join(outDir, 'node_modules', name);
  mkdirSync(to, { recursive: true });
  for (const file of globSync('{package.json,*.node}', { cwd: from })) cpSync(join(from, file), join(to, basename(file)));
}

/** Files that are read while it runs lie in it, so it stays as it is: without what it was built from. */
function copyPackage(name: string, outDir: string): void {
  const from = join(root, 'node_modules', name);
  if (!existsSync(from)) throw new ServiceError(`${name} is not installed; run: npm install`);
  cpSync(from, join(outDir, 'node_modules', name), {
    recursive: true,
    filter: (path) => !/\/(src|install|glib-2\.0|node_modules)$|\.(md|ts|cts|mts|map)$/.test(relative(from, path)),
  });
}

export interface BundleOptions {
  /** Packages of one native file. */
  nativeModules?: string[];
  /** Packages that cannot be bundled, with those that they need. */
  packages?: string[];
}

/** One file that plain Node runs, and the few that cannot be in it. */
export async function bundleProgram(
  entry: string,
  outDir: string,
  { nativeModules = [], packages = [] }: BundleOptions = {},
): Promise<Bundle> {
  const { build } = await import('rolldown');
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const { output } = await build({
    input: join(root, entry),
    cwd: root,
    platform: 'node',
    external: [...nativeModules, ...packages],
    plugins: [copyReferences(outDir)],
    // Names in stack traces stay readable; that costs nothing at run time.
    output: {
      dir: outDir,
      entryFileNames: 'main.js',
      format: 'esm',
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    },
    logLevel: 'silent',
  });
  for (const name of nativeModules) copyNativeModule(name, outDir);
  for (const name of packages) copyPackage(name, outDir);
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  const native = [...nativeModules, ...packages].map((name) => join(root, 'node_modules', name));
  const folders = new Set([...modules.map(packageOf).filter((dir) => dir !== undefined), ...native]);
  return { dir: outDir, packages: [...folders].map((dir) => relative(root, dir)).sort() };
}
