import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inState } from './settings.ts';

/** What kubelet, kube-proxy and this program change; every value is put back when the node goes. */
const names = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.route_localnet',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
  'kernel.panic',
  'kernel.panic_on_oops',
  'kernel.keys.root_maxkeys',
  'kernel.keys.root_maxbytes',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
  'net.netfilter.nf_conntrack_max',
];

const fileOf = (name: string) => join('/proc/sys', name.replaceAll('.', '/'));
const savedFile = () => inState('sysctl.json');

/** Before anything is changed; a second start keeps what the first one saw. */
export function prepareKernel(): void {
  if (!existsSync(savedFile())) {
    const present = names.filter((name) => existsSync(fileOf(name)));
    writeFileSync(
      savedFile(),
      JSON.stringify(Object.fromEntries(present.map((name) => [name, readFileSync(fileOf(name), 'utf8').trim()]))),
    );
  }
  writeFileSync(fileOf('net.ipv4.ip_forward'), '1');
}

export function restoreKernel(): void {
  if (!existsSync(savedFile())) return;
  const saved = JSON.parse(readFileSync(savedFile(), 'utf8')) as Record<string, string>;
  for (const [name, value] of Object.entries(saved)) {
    if (existsSync(fileOf(name)) && readFileSync(fileOf(name), 'utf8').trim() !== value) writeFileSync(fileOf(name), value);
  }
  rmSync(savedFile());
}
