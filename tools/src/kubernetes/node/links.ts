import { existsSync, globSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_CIDR } from '../control-plane-args.ts';
import { ensureTool } from '../tools.ts';
import { attempt, command } from './commands.ts';
import { inState, NODE_ADDRESS, NODE_BRIDGE, POD_BRIDGE, POD_CIDR, stateDir } from './settings.ts';

const netnsDir = '/var/run/netns';
const tables = ['nat', 'filter', 'mangle', 'raw'];
const firewalls = ['iptables', 'ip6tables'];

export async function addNodeAddress(): Promise<void> {
  if (!existsSync(`/sys/class/net/${NODE_BRIDGE}`)) await command('ip', 'link', 'add', NODE_BRIDGE, 'type', 'bridge');
  await command('ip', 'address', 'replace', `${NODE_ADDRESS}/32`, 'dev', NODE_BRIDGE);
  await command('ip', 'link', 'set', NODE_BRIDGE, 'up');
}

/** Mount points below the state folder, innermost first. */
export function mountsOfNode(): string[] {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '));
  return points.filter((point) => point.startsWith(`${stateDir}/`)).sort((a, b) => b.length - a.length);
}

/** The pods' network namespaces, made by containerd for the CRI. */
export function namespacesOfPods(): string[] {
  return existsSync(netnsDir) ? readdirSync(netnsDir).filter((name) => name.startsWith('cni-')) : [];
}

export function firewallChains(): string[] {
  return firewalls.flatMap((firewall) => tables.flatMap((table) => chainsOf(firewall, table)));
}

export function controlGroups(): string[] {
  return ['/sys/fs/cgroup/kubepods', ...globSync('/sys/fs/cgroup/*/kubepods')].filter((path) => existsSync(path));
}

/** Everything that runs in a pod, also when the shim that held it was killed. */
export function processesOfPods(): string[] {
  const lists = controlGroups().flatMap((group) => globSync(`${group}/**/cgroup.procs`));
  return [...new Set(lists.flatMap((list) => readFileSync(list, 'utf8').split('\n')).filter(Boolean))];
}

function chainsOf(firewall: string, table: string): string[] {
  return [...attempt(`${firewall}-save`, '-t', table).matchAll(/^:((?:KUBE|CNI)-\S+)/gm)].map((found) => found[1] ?? '');
}

export function unmountAll(): void {
  for (const point of mountsOfNode()) {
    attempt('umount', point);
    if (mountsOfNode().includes(point)) attempt('umount', '-l', point);
  }
}

export function removeLinks(): void {
  for (const name of namespacesOfPods()) {
    attempt('umount', join(netnsDir, name));
    rmSync(join(netnsDir, name), { force: true });
  }
  for (const link of [POD_BRIDGE, NODE_BRIDGE]) attempt('ip', 'link', 'delete', link);
}

/** As the shell would: quoted words stay one, with their escapes undone. */
function splitRule(rule: string): string[] {
  return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((found) => found[1]?.replace(/\\(.)/g, '$1') ?? found[2] ?? '');
}

/** `-A INPUT -j KUBE-…` of the kernel's own chains; ours are flushed whole. */
function jumpsIntoOurs(firewall: string, table: string): string[][] {
  const rules = attempt(`${firewall}-save`, '-t', table).split('\n');
  return rules.filter((rule) => /^-A (?!KUBE-|CNI-)\S+ .*-j (?:KUBE|CNI)-/.test(rule)).map(splitRule);
}

/** kube-proxy removes its own; kubelet's and the network plugin's chains are left to us. */
export async function removeFirewall(): Promise<void> {
  if (existsSync(inState('kube-proxy.json')))
    attempt(await ensureTool('kube-proxy'), '--cleanup', `--config=${inState('kube-proxy.json')}`);
  for (const firewall of firewalls) {
    for (const table of tables) {
      for (const [, ...rule] of jumpsIntoOurs(firewall, table)) attempt(firewall, '-t', table, '-D', ...rule);
      const chains = chainsOf(firewall, table);
      for (const action of ['-F', '-X']) for (const chain of chains) attempt(firewall, '-t', table, action, chain);
    }
  }
  for (const direction of ['-s', '-d', '-r', '-q'])
    for (const range of [POD_CIDR, SERVICE_CIDR]) attempt('conntrack', '-D', direction, range);
}

export function removeControlGroups(): void {
  const removeTree = (dir: string) => {
    for (const item of readdirSync(dir, { withFileTypes: true })) if (item.isDirectory()) removeTree(join(dir, item.name));
    rmdirSync(dir);
  };
  for (const group of controlGroups()) removeTree(group);
}

/** Links to logs that are gone, what the network plugins remember of pods that are gone, and kubelet's one fixed folder. */
export function removeTraces(): void {
  for (const link of globSync('/var/log/containers/*.log')) {
    if (readlinkSync(link).startsWith(`${stateDir}/`)) rmSync(link);
  }
  for (const file of globSync('/var/lib/cni/results/chatcluster-*-eth0')) {
    const id = /chatcluster-(.*)-eth0$/.exec(file)?.[1];
    rmSync(`/var/lib/cni/results/cni-loopback-${id}-lo`, { force: true });
    rmSync(file);
  }
  rmSync('/var/lib/kubelet/device-plugins/kubelet.sock', { force: true });
  for (const dir of ['/var/lib/kubelet/device-plugins', '/var/lib/kubelet', '/var/log/containers']) removeIfEmpty(dir);
}

function removeIfEmpty(dir: string): void {
  if (existsSync(dir) && readdirSync(dir).length === 0) rmdirSync(dir);
}
