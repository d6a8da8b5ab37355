import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../../process.ts';
import { hasProgram } from './commands.ts';
import { cniBinaries, socketFile } from './settings.ts';

/** Debian's package and how to see that it is there. */
const packages: Record<string, () => boolean> = {
  containerd: () => hasProgram('containerd'),
  runc: () => hasProgram('runc'),
  'containernetworking-plugins': () => existsSync(join(cniBinaries(), 'bridge')),
  iptables: () => hasProgram('iptables'),
  conntrack: () => hasProgram('conntrack'),
  ethtool: () => hasProgram('ethtool'),
  socat: () => hasProgram('socat'),
  iproute2: () => hasProgram('ip'),
  'redis-server': () => hasProgram('redis-server'),
};

const isRoot = () => process.getuid?.() === 0;

/** Why this machine cannot be a node; undefined when it can. */
export function nodeObstacle(): string | undefined {
  if (process.platform !== 'linux')
    return `a node needs Linux, and this is ${process.platform}; install Docker and kind, or give KUBECONFIG`;
  if (!isRoot()) return 'starting a node needs root; run it with sudo, install Docker and kind, or give KUBECONFIG';
  if (!readFileSync('/proc/mounts', 'utf8').includes(' /sys/fs/cgroup')) return 'no control groups are mounted below /sys/fs/cgroup';
  if (spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']).status !== 0)
    return 'this machine does not let root make namespaces (CAP_SYS_ADMIN is missing; in a container, run it privileged)';
  const missing = Object.keys(packages).filter((name) => !packages[name]?.());
  if (missing.length > 0 && !hasProgram('apt-get')) return `these programs are missing: ${missing.join(', ')}; install them`;
  if (socketFile().length > 100) return `${socketFile()} is too long for a socket; move the checkout, or set LOCAL_DIR to a shorter path`;
  return undefined;
}

/** Debian's packages that the node is made of. */
export function installPackages(say: (text: string) => void): void {
  const missing = Object.keys(packages).filter((name) => !packages[name]?.());
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing];
  if (!isRoot() || !hasProgram('apt-get'))
    throw new ServiceError(`missing: ${missing.join(' ')}; run: sudo apt-get update && sudo ${install.join(' ')}`);
  say(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const [file = '', ...args] of [['apt-get', 'update', '-qq'], install]) {
    const done = spawnSync(file, args, { env, encoding: 'utf8' });
    if (done.status !== 0)
      throw new ServiceError(`${[file, ...args].join(' ')} failed:\n${done.stderr.trim().split('\n').slice(-5).join('\n')}`);
  }
}

/** Overlay file systems do not stack everywhere: inside some containers each image has to be copied. */
export function chooseSnapshotter(): 'overlayfs' | 'native' {
  const dir = mkdtempSync(join(tmpdir(), 'chat-overlay-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [lower, upper, work, merged]) mkdirSync(path);
  try {
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    if (spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged]).status !== 0) return 'native';
    spawnSync('umount', [merged]);
    return 'overlayfs';
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
