import { kubeconfigFile, pkiFile } from '../pki.ts';
import { cniBinaries, DNS_ADDRESS, inState, NODE_ADDRESS, NODE_NAME, POD_BRIDGE, POD_CIDR, socketFile, stateDir } from './settings.ts';

const unusedPlugins = [
  ...['btrfs', 'zfs', 'aufs', 'devmapper'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

/** A containerd of our own, with its own root, state and socket; `restrict_oom_score_adj` is for machines without CAP_SYS_RESOURCE. */
export function containerdConfig(snapshotter: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(inState('containerd', 'root'))}
state = ${JSON.stringify(inState('containerd', 'state'))}
disabled_plugins = ${JSON.stringify(unusedPlugins)}
[grpc]
  address = ${JSON.stringify(socketFile())}
[plugins."io.containerd.internal.v1.opt"]
  path = ${JSON.stringify(inState('containerd', 'opt'))}
[${cri}]
  sandbox_image = "chatcluster.local/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [${cri}.containerd]
    snapshotter = ${JSON.stringify(snapshotter)}
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [${cri}.cni]
    bin_dir = ${JSON.stringify(cniBinaries())}
    conf_dir = ${JSON.stringify(inState('cni', 'net.d'))}
`;
}

/** `isDefaultGateway` beside the route would end in "file exists". */
export function cniConfig(): unknown {
  const ipam = {
    type: 'host-local',
    dataDir: inState('cni', 'addresses'),
    ranges: [[{ subnet: POD_CIDR }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: 'chatcluster',
    plugins: [
      { type: 'bridge', bridge: POD_BRIDGE, isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

export function kubeletConfig(): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Else kubelet refuses to start on machines with cgroup v1.
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: '/',
    containerRuntimeEndpoint: `unix://${socketFile()}`,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: pkiFile(stateDir, 'ca.crt') } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: pkiFile(stateDir, 'kubelet-server.crt'),
    tlsPrivateKeyFile: pkiFile(stateDir, 'kubelet-server.key'),
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: inState('resolv.conf'),
    address: NODE_ADDRESS,
    healthzBindAddress: '127.0.0.1',
    podLogsDir: inState('pod-logs'),
    volumePluginDir: inState('volume-plugins'),
    failSwapOn: false,
    // Needs CAP_SYS_RESOURCE to be less than 0.
    oomScoreAdj: 0,
    // Images come from archives: what is collected cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1Gi', 'imagefs.available': '1Gi' },
    enforceNodeAllocatable: [],
    nodeStatusUpdateFrequency: '4s',
    syncFrequency: '10s',
    shutdownGracePeriod: '0s',
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
  };
}

/** NodePorts answer on 127.0.0.1 too, and on no address of the machine's network. */
export function kubeProxyConfig(): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: kubeconfigFile(stateDir, 'kube-proxy') },
    hostnameOverride: NODE_NAME,
    mode: 'iptables',
    clusterCIDR: POD_CIDR,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    nodePortAddresses: ['127.0.0.0/8', `${NODE_ADDRESS}/32`],
    iptables: { localhostNodePorts: true, minSyncPeriod: '100ms', syncPeriod: '30s' },
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
