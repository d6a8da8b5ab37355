import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Entry, packTar } from './tar.ts';

export interface ImageOptions {
  /** `repository:tag`, without a registry. */
  name: string;
  /** Bottom first; what changes seldom belongs below what changes often, because an imported layer is not imported again. */
  layers: Entry[][];
  entrypoint: string[];
  command?: string[];
  env?: Record<string, string>;
  /** Numeric, so that Kubernetes can tell that it is not root. */
  user: string;
  workingDir?: string;
  ports?: number[];
  stopSignal?: string;
  labels?: Record<string, string>;
}

export interface BuiltImage {
  name: string;
  /** Of the manifest: what a registry would call it. */
  digest: string;
  /** Archive that `ctr images import`, `docker load` and `kind load image-archive` take. */
  file: string;
  bytes: number;
}

interface Blob {
  digest: string;
  size: number;
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const epoch = '1970-01-01T00:00:00Z';
const type = (name: string) => `application/vnd.oci.image.${name}`;

/** The registry that an image without one means; containerd keeps full names only. */
export function fullName(name: string): string {
  const host = name.split('/')[0] ?? '';
  if (name.includes('/') && /[.:]|^localhost$/.test(host)) return name;
  return `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
}

async function writeTar(entries: Entry[], file: string): Promise<Blob> {
  const hash = createHash('sha256');
  const out = createWriteStream(file);
  for await (const part of packTar(entries)) {
    hash.update(part);
    if (!out.write(part)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return { digest: `sha256:${hash.digest('hex')}`, size: statSync(file).size };
}

function jsonBlob(value: unknown): Blob & { content: Buffer } {
  const content = Buffer.from(JSON.stringify(value));
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length, content };
}

function imageConfig(options: ImageOptions, layers: Blob[]): unknown {
  const { env = {}, entrypoint, command, user, workingDir, ports, stopSignal, labels } = options;
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    created: epoch,
    config: {
      User: user,
      Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...env }).map(([name, value]) => `${name}=${value}`),
      Entrypoint: entrypoint,
      Cmd: command,
      WorkingDir: workingDir,
      ExposedPorts: ports && Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
      StopSignal: stopSignal,
      Labels: labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created: epoch, created_by: 'chatcluster' })),
  };
}

const pathOf = ({ digest }: Blob) => `blobs/${digest.replace(':', '/')}`;

/** Packs an image as an OCI archive without any container program; the same content has the same digest. */
export async function buildImage(options: ImageOptions, file: string): Promise<BuiltImage> {
  mkdirSync(dirname(file), { recursive: true });
  const work = mkdtempSync(join(dirname(file), '.image-'));
  try {
    const layers: (Blob & { from: string })[] = [];
    for (const [i, entries] of options.layers.entries()) {
      const from = join(work, `layer-${i}.tar`);
      layers.push({ ...(await writeTar(entries, from)), from });
    }
    const config = jsonBlob(imageConfig(options, layers));
    const describe = (mediaType: string, { digest, size }: Blob) => ({ mediaType, digest, size });
    const manifest = jsonBlob({
      schemaVersion: 2,
      mediaType: type('manifest.v1+json'),
      config: describe(type('config.v1+json'), config),
      layers: layers.map((layer) => describe(type('layer.v1.tar'), layer)),
    });
    const annotations = {
      'io.containerd.image.name': fullName(options.name),
      'org.opencontainers.image.ref.name': options.name.split(':').at(-1),
    };
    const index = {
      schemaVersion: 2,
      mediaType: type('index.v1+json'),
      manifests: [{ ...describe(type('manifest.v1+json'), manifest), annotations }],
    };
    const partial = join(work, 'image.tar');
    const { size } = await writeTar(
      [
        { type: 'file', path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
        { type: 'file', path: 'index.json', content: JSON.stringify(index) },
        ...[config, manifest].map((blob): Entry => ({ type: 'file', path: pathOf(blob), content: blob.content })),
        ...layers.map((layer): Entry => ({ type: 'file', path: pathOf(layer), from: layer.from })),
      ],
      partial,
    );
    renameSync(partial, file);
    return { name: options.name, digest: manifest.digest, file, bytes: size };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
