import type { KubernetesObject } from '../types.ts';
import { compact, type Context, HTTP_PORT, object } from './context.ts';

const SOCKET_PATH = '/socket.io/';

function httpRoute(context: Context): KubernetesObject | undefined {
  const { host, gateway } = context.cluster.spec.access;
  if (!gateway || !context.facts.capabilities.gatewayApi) return undefined;
  const rule = (path: string, service: string) => ({
    matches: [{ path: { type: 'PathPrefix', value: path } }],
    backendRefs: [{ name: service, port: HTTP_PORT }],
  });
  const spec = {
    parentRefs: gateway.parentRefs,
    hostnames: [host],
    // PathPrefix compares whole parts of a path, so no slash at the end is needed.
    rules: [rule('/socket.io', context.n.sockets), rule('/', context.n.front)],
  };
  return object(
    context,
    ['gateway.networking.k8s.io/v1/HTTPRoute', context.n.front],
    { spec },
    compact({ annotations: gateway.annotations }),
  );
}

function ingress(context: Context): KubernetesObject | undefined {
  const { host, ingress: wanted } = context.cluster.spec.access;
  if (!wanted || host === undefined) return undefined;
  const path = (value: string, service: string) => ({
    path: value,
    pathType: 'Prefix',
    backend: { service: { name: service, port: { name: 'http' } } },
  });
  const spec = compact({
    ingressClassName: wanted.className,
    tls: wanted.tlsSecretName === undefined ? undefined : [{ hosts: [host], secretName: wanted.tlsSecretName }],
    rules: [{ host, http: { paths: [path(SOCKET_PATH, context.n.sockets), path('/', context.n.front)] } }],
  });
  return object(context, ['networking.k8s.io/v1/Ingress', context.n.front], { spec }, compact({ annotations: wanted.annotations }));
}

/** Sockets go to realtime pods, everything else to api pods. */
export function route(context: Context): KubernetesObject[] {
  return [httpRoute(context), ingress(context)].filter((made) => made !== undefined);
}
