import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { localDir } from '../local/settings.ts';
import { runMain, ServiceError } from '../process.ts';
import { defineImage, type ImageName, imageNames } from './images/definitions.ts';
import { writeEntries } from './images/tar.ts';
import { inputsOf } from './inputs.ts';
import { type BuiltImage, buildImage } from './images/oci.ts';
import { npmComponents, systemComponents, writeSbom } from './images/sbom.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export const imagesDir = join(localDir, 'images');

/** Vite names its output by content, so an unchanged app is the same image. */
async function ensureWebApp(): Promise<void> {
  const built = join(root, 'web/dist/index.html');
  const sources = globSync('{web,client,protocol}/{src,public}/**/*', { cwd: root }).concat('web/index.html', 'package-lock.json');
  const newest = Math.max(...sources.map((path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0)));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  const vite = spawn(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'], {
    cwd: join(root, 'web'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(vite, 'close')) as [number | null];
  if (code !== 0) throw new ServiceError('the web app could not be built; run: npm run build -w web');
}

/** A version of its own for every state of the sources, so that a change rolls the pods as a release does. */
function tagFor(inputs: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return `${version}-${inputs.slice(0, 10)}`;
}

/** Builds one image and its list of components into `dir`; needs no container program. */
export async function buildNamedImage(name: ImageName, dir = imagesDir, tag = tagFor(inputsOf(name))): Promise<BuiltImage> {
  if (name === 'server') await ensureWebApp();
  const { packages, ...options } = await defineImage(name, { workDir: join(dir, '.work'), tag });
  const image = await buildImage(options, join(dir, `${name}.tar`));
  writeSbom(image, [...npmComponents(packages), ...systemComponents(options.layers)]);
  return image;
}

/** As buildNamedImage, unless what it is made of is as it was the last time. */
export async function prepareImage(name: ImageName): Promise<BuiltImage & { isNew: boolean }> {
  const record = join(imagesDir, `${name}.json`);
  const inputs = inputsOf(name);
  if (existsSync(record) && existsSync(join(imagesDir, `${name}.tar`))) {
    const known = JSON.parse(readFileSync(record, 'utf8')) as { inputs: string; image: BuiltImage };
    if (known.inputs === inputs) return { ...known.image, isNew: false };
  }
  const image = await buildNamedImage(name, imagesDir, tagFor(inputs));
  writeFileSync(record, JSON.stringify({ inputs, image }));
  return { ...image, isNew: true };
}

/** The layer with our own program, as plain files: what the Dockerfile copies. */
async function writeProgram(name: ImageName, to: string): Promise<void> {
  if (name === 'server') await ensureWebApp();
  const { layers } = await defineImage(name, { workDir: join(to, '.work'), tag: tagFor(inputsOf(name)) });
  writeEntries(layers.at(-1) ?? [], to);
  rmSync(join(to, '.work'), { recursive: true });
}

const isImageName = (name: string): name is ImageName => (imageNames as readonly string[]).includes(name);

async function main(): Promise<void> {
  const { values, positionals: asked } = parseArgs({ options: { folder: { type: 'string' } }, allowPositionals: true });
  for (const name of asked.length > 0 ? asked : ['server', 'operator', 'postgres', 'redis']) {
    if (!isImageName(name)) throw new ServiceError(`no image is called ${name}; there are ${imageNames.join(', ')}`);
    if (values.folder) {
      await writeProgram(name, values.folder);
      continue;
    }
    const startedAt = performance.now();
    const { name: full, digest, bytes, file } = await buildNamedImage(name);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(`${full} ${digest} ${(bytes / 2 ** 20).toFixed(0)} MiB in ${seconds} s: ${file}\n`);
  }
}

if (import.meta.main) runMain(main);
