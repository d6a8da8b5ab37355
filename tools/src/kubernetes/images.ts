import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { localDir } from '../local/settings.ts';
import { runMain, ServiceError } from '../process.ts';
import { defineImage, type ImageName, imageNames } from './images/definitions.ts';
import { type BuiltImage, buildImage } from './images/oci.ts';
import { npmComponents, systemComponents, writeSbom } from './images/sbom.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export const imagesDir = join(localDir, 'images');

/** Vite names its output by content, so an unchanged app is the same image. */
function ensureWebApp(): void {
  const built = join(root, 'web/dist/index.html');
  const sources = globSync('{web,client,protocol}/{src,public}/**/*', { cwd: root }).concat('web/index.html', 'package-lock.json');
  const newest = Math.max(...sources.map((path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0)));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'web'),
    stdio: 'inherit',
  });
}

/** Builds one image and its list of components into `dir`; needs no container program. */
export async function buildNamedImage(name: ImageName, dir = imagesDir): Promise<BuiltImage> {
  if (name === 'server') ensureWebApp();
  const { packages, ...options } = await defineImage(name, join(dir, '.work'));
  const image = await buildImage(options, join(dir, `${name}.tar`));
  writeSbom(image, [...npmComponents(packages), ...systemComponents(options.layers)]);
  return image;
}

/** The digest of an image that was built before, read from the archive's own list of contents. */
export function builtDigest(name: ImageName, dir = imagesDir): string | undefined {
  const sbom = join(dir, `${name}.cdx.json`);
  if (!existsSync(sbom) || !existsSync(join(dir, `${name}.tar`))) return undefined;
  const { metadata } = JSON.parse(readFileSync(sbom, 'utf8')) as { metadata: { component: { hashes: { content: string }[] } } };
  return `sha256:${metadata.component.hashes[0]?.content}`;
}

const isImageName = (name: string): name is ImageName => (imageNames as readonly string[]).includes(name);

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : ['server', 'operator', 'postgres', 'redis']) {
    if (!isImageName(name)) throw new ServiceError(`no image is called ${name}; there are ${imageNames.join(', ')}`);
    const startedAt = performance.now();
    const { name: full, digest, bytes, file } = await buildNamedImage(name);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(`${full} ${digest} ${(bytes / 2 ** 20).toFixed(0)} MiB in ${seconds} s: ${file}\n`);
  }
}

if (import.meta.main) runMain(main);
