import { existsSync, readFileSync } from 'node:fs';
import { SERVICE_CIDR } from '../control-plane-args.ts';
import { untilReady } from '../control-plane-start.ts';
import { kubeconfigFile } from '../pki.ts';
import { ensureTool } from '../tools.ts';
import { attempt, command } from './commands.ts';
import { launch } from './processes.ts';
import { NODE_NAME, POD_CIDR, stateDir } from './settings.ts';

/** Removed with the node, as all chains of this prefix. */
const CHAIN = 'KUBE-POLICY';
const QUEUE = '100';

const TABLE = ['-w', '-t', 'mangle'];
const TO_QUEUE = ['-j', 'NFQUEUE', '--queue-num', QUEUE, '--queue-bypass'];
const BRIDGE_SETTING = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/** Why this kernel cannot hand packets to a program, or does not show the firewall those that stay on a bridge; undefined when it can. */
export async function policyObstacle(): Promise<string | undefined> {
  attempt('modprobe', 'br_netfilter');
  if (!existsSync(BRIDGE_SETTING) || readFileSync(BRIDGE_SETTING, 'utf8').trim() !== '1')
    return 'the firewall does not see what stays on a bridge (CONFIG_BRIDGE_NETFILTER, net.bridge.bridge-nf-call-iptables=1)';
  const trial = `${CHAIN}-TRIAL`;
  try {
    await command('iptables', ...TABLE, '-N', trial);
    await command('iptables', ...TABLE, '-A', trial, ...TO_QUEUE);
    return undefined;
  } catch (error) {
    return `the firewall cannot hand packets to a program (CONFIG_NETFILTER_XT_TARGET_NFQUEUE): ${(error as Error).message}`;
  } finally {
    for (const action of ['-F', '-X']) attempt('iptables', ...TABLE, action, trial);
  }
}

/**
 * The first packet of every connection of a pod waits for a verdict; what the node itself sends (kubelet's probes, Traefik)
 * always passes, as everywhere. `mangle` comes after the address of a Service was replaced, and before anybody accepts. Without
 * the program everything passes: a node that is half up must not be dead.
 */
async function fillQueue(): Promise<void> {
  if (attempt('iptables', ...TABLE, '-S', CHAIN) !== '') return;
  await command('iptables', ...TABLE, '-N', CHAIN);
  await command('iptables', ...TABLE, '-A', CHAIN, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'RETURN');
  // Still the address of a Service: nobody is behind it, which kube-proxy tells the sender.
  await command('iptables', ...TABLE, '-A', CHAIN, '-d', SERVICE_CIDR, '-j', 'RETURN');
  await command('iptables', ...TABLE, '-A', CHAIN, '-s', POD_CIDR, ...TO_QUEUE);
  await command('iptables', ...TABLE, '-A', CHAIN, '-d', POD_CIDR, ...TO_QUEUE);
  await command('iptables', ...TABLE, '-A', 'FORWARD', '-j', CHAIN);
  await command('iptables', ...TABLE, '-A', 'INPUT', '-s', POD_CIDR, '-j', CHAIN);
}

/** The bridge enforces no NetworkPolicy; a program beside it does. */
export async function enforcePolicies(say: (text: string) => void): Promise<void> {
  const obstacle = await policyObstacle();
  if (obstacle) return say(`NetworkPolicies are not enforced: ${obstacle}`);
  const args = ['-kubeconfig', kubeconfigFile(stateDir, 'admin'), '-node', NODE_NAME, '-pods', POD_CIDR, '-queue', QUEUE];
  const started = launch('network-policies', await ensureTool('network-policies'), args);
  await untilReady('network-policies', started, async () => readFileSync(started.logFile, 'utf8').includes('policies are enforced'));
  await fillQueue();
}
