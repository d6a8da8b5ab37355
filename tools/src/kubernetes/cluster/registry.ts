import { spawnSync } from 'node:child_process';
import { ServiceError } from '../../process.ts';
import type { BuiltImage } from '../images/oci.ts';

/** Where a cluster that is not ours pulls from. */
export function givenRegistry(): string | undefined {
  return process.env.IMAGE_REGISTRY?.replace(/\/+$/, '') || undefined;
}

/** The commands that bring the archives there; skopeo needs neither Docker nor root. */
export function pushCommands(images: BuiltImage[], registry: string): string[][] {
  return images.map(({ name, file }) => ['skopeo', 'copy', `oci-archive:${file}`, `docker://${registry}/${name}`]);
}

export function pushImages(images: BuiltImage[], registry: string): void {
  for (const [command = '', ...args] of pushCommands(images, registry)) {
    const done = spawnSync(command, args, { encoding: 'utf8' });
    if (done.error)
      throw new ServiceError('skopeo is needed to push images; install it (apt-get install skopeo), then log in with: skopeo login');
    if (done.status !== 0) throw new ServiceError(`${command} ${args.join(' ')} failed: ${done.stderr.trim()}`);
  }
}
