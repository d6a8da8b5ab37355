import { join } from 'node:path';
import { localDir } from '../../local/settings.ts';

/** One full node per machine: its links, addresses and firewall chains have fixed names. */
export const NODE_NAME = 'local-node';
/** A bridge that carries only the node's own address, so that nothing depends on the machine's network. */
export const NODE_BRIDGE = 'ccbr0';
export const NODE_ADDRESS = '172.31.255.1';
export const POD_BRIDGE = 'cni0';
export const POD_CIDR = '10.244.0.0/24';
export const DNS_ADDRESS = '10.96.0.10';
export const API_PORT = 6443;
/** containerd's namespace for what Kubernetes runs. */
export const CONTAINERD_NAMESPACE = 'k8s.io';

/** Everything that the node keeps, but for links, chains and control groups. */
export const stateDir = join(localDir, 'kubernetes');
export const inState = (...path: string[]) => join(stateDir, ...path);
export const socketFile = () => inState('containerd', 'containerd.sock');
export const cniBinaries = () => process.env.CNI_BIN || '/usr/lib/cni';
