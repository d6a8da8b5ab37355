import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltImage } from './oci.ts';
import type { Entry } from './tar.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

interface Component {
  type: 'library' | 'application';
  name: string;
  version: string;
  purl: string;
  licenses?: { license: { name: string } }[];
  hashes?: { alg: string; content: string }[];
}

interface LockedPackage {
  version?: string;
  license?: string;
  integrity?: string;
  link?: boolean;
}

const npmName = (folder: string) => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** `sha512-<base64>` of the lock file as CycloneDX wants it. */
function hashesOf(integrity: string | undefined): Component['hashes'] {
  const sha512 = /sha512-(\S+)/.exec(integrity ?? '')?.[1];
  return sha512 ? [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] : undefined;
}

/** The npm packages by their folders, as package-lock.json pins them. */
export function npmComponents(folders: string[]): Component[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> };
  return folders.flatMap((folder): Component[] => {
    const locked = lock.packages[folder];
    if (!locked?.version || locked.link) return [];
    const name = npmName(folder);
    const licenses = locked.license ? [{ license: { name: locked.license } }] : undefined;
    const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`;
    return [{ type: 'library', name, version: locked.version, purl, licenses, hashes: hashesOf(locked.integrity) }];
  });
}

/** Older packages name files below /lib that are below /usr/lib by now, and the other way round. */
const spellings = (path: string) => [path, realpathSync(path), path.replace(/^\/usr/, ''), realpathSync(path).replace(/^\/usr/, '')];

/** The Debian packages that files of the system come from; none where there is no dpkg. */
export function systemComponents(layers: Entry[][]): Component[] {
  const files = layers
    .flat()
    .flatMap((entry) => (entry.type === 'file' && 'from' in entry && /^\/(usr|lib)/.test(entry.from) ? [entry.from] : []));
  if (files.length === 0) return [];
  const owners = dpkgQuery('-S', ...files.flatMap(spellings)).map((line) => line.split(': ')[0] ?? '');
  const packages = dpkgQuery('-W', '-f=${binary:Package} ${Version}\n', ...new Set(owners));
  return packages.sort().map((line): Component => {
    const [name = '', version = ''] = line.split(' ');
    const plain = name.replace(/:.*/, '');
    return { type: 'library', name: plain, version, purl: `pkg:deb/debian/${plain}@${encodeURIComponent(version)}` };
  });
}

/** Its exit status says that some file belongs to no package, which is no failure here. */
function dpkgQuery(...args: string[]): string[] {
  const { stdout } = spawnSync('dpkg-query', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return (stdout ?? '').split('\n').filter(Boolean);
}

/** CycloneDX beside the archive; without times, so that the same image has the same list. */
export function writeSbom(image: BuiltImage, components: Component[]): string {
  const file = image.file.replace(/\.tar$/, '.cdx.json');
  const [name = image.name, version = ''] = image.name.split(':');
  const sbom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'container', name, version, hashes: [{ alg: 'SHA-256', content: image.digest.replace('sha256:', '') }] },
    },
    components,
  };
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return file;
}
