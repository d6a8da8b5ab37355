/** A Go module with the programs that are built from it. */
interface Module {
  /** Seen from tools/kubernetes; the base module is the folder itself. */
  folder: string;
  /** What one build needs free: Go's build cache, the module cache and the program. */
  neededGiB: number;
  /** Built by whoever asks for it by name, and not with all the others. @default false */
  onDemand?: boolean;
  packages: Record<string, GoPackage>;
}

interface GoPackage {
  path: string;
  /** Names that the multi-call program answers to; empty: it has one name, its own. */
  names: string[];
  ldflags: string[];
  /** Build tags. @default none */
  tags?: string[];
  /** On two idle cores with empty caches, for the line that says how long it takes. */
  minutes: number;
}

/** A program that is there already, on PATH or in KUBEBUILDER_ASSETS, is used when the output of `args` matches. */
export interface OwnVersion {
  args: string[];
  accepts: RegExp;
}

export const KUBERNETES_VERSION = 'v1.37.1';

/** Without these every client sees v0.0.0-master and warns. */
const versionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((pkg) =>
  Object.entries({
    gitVersion: KUBERNETES_VERSION,
    gitMajor: '1',
    gitMinor: '37',
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '1970-01-01T00:00:00Z',
  }).map(([name, value]) => `-X ${pkg}.${name}=${value}`),
);

const single = (path: string, minutes: number, ldflags: string[] = []): GoPackage => ({ path, names: [], ldflags, minutes });

export const modules: Record<string, Module> = {
  base: {
    folder: '.',
    neededGiB: 6,
    packages: {
      kubeall: {
        path: './kubeall',
        names: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl', 'etcd', 'coredns'],
        ldflags: versionFlags,
        minutes: 6,
      },
      helm: single('helm.sh/helm/v4/cmd/helm', 2, ['-X helm.sh/helm/v4/internal/version.version=v4.2.4']),
      kwok: single('sigs.k8s.io/kwok/cmd/kwok', 1, ['-X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0']),
      'metrics-server': single('sigs.k8s.io/metrics-server/cmd/metrics-server', 1, versionFlags),
      kubeconform: single('github.com/yannh/kubeconform/cmd/kubeconform', 0.2),
    },
  },
  k6: { folder: 'k6', neededGiB: 2, packages: { k6: single('go.k6.io/k6/v2', 1) } },
  traefik: {
    folder: 'traefik',
    neededGiB: 5,
    packages: {
      traefik: single('github.com/traefik/traefik/v3/cmd/traefik', 5, ['-X github.com/traefik/traefik/v3/pkg/version.Version=3.6.0']),
    },
  },
  // Lets the local node enforce NetworkPolicies.
  'network-policies': {
    folder: 'network-policies',
    neededGiB: 2,
    packages: { 'network-policies': single('./enforcer', 1) },
  },
  // Evaluates alerts and dashboards in tests, as Prometheus would.
  promql: { folder: 'promql', neededGiB: 1, packages: { promql: single('./evaluator', 0.5) } },
  // What the benchmark "peers" measures us against.
  peers: {
    folder: '../peers',
    neededGiB: 3,
    onDemand: true,
    packages: {
      tinode: { ...single('github.com/tinode/chat/server', 3), tags: ['postgres'] },
      'tinode-db': { ...single('github.com/tinode/chat/tinode-db', 0.5), tags: ['postgres'] },
      centrifuge: single('./centrifuge', 0.5),
    },
  },
  // Small static programs that go into images.
  images: {
    folder: 'images',
    neededGiB: 0.5,
    packages: {
      pause: single('./pause', 0.1),
      'alone-sh': single('./alone-sh', 0.1),
      'postgres-entrypoint': single('./postgres-entrypoint', 0.1),
    },
  },
};

const kubernetes: OwnVersion = { args: ['--version'], accepts: /Kubernetes v1\.37\./ };

/** Programs that may come from the user's machine; the others go into images and have to be the static ones built here. */
export const ownVersions: Record<string, OwnVersion> = {
  'kube-apiserver': kubernetes,
  'kube-controller-manager': kubernetes,
  'kube-scheduler': kubernetes,
  kubelet: kubernetes,
  'kube-proxy': kubernetes,
  // One minor version of skew is what Kubernetes supports.
  kubectl: { args: ['version', '--client'], accepts: /Client Version: v1\.3[678]\./ },
  etcd: { args: ['--version'], accepts: /etcd Version: 3\.[5-9]/ },
  helm: { args: ['version', '--short'], accepts: /^v4\./ },
  kubeconform: { args: ['-v'], accepts: /./ },
  k6: { args: ['version'], accepts: /^k6 v[12]\./ },
  traefik: { args: ['version'], accepts: /Version:\s+3\.[6-9]/ },
};
