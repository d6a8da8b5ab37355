import type { Child } from '../gather/lean.ts';
import type { Observed } from '../gather/observed.ts';
import { type Finding, no, problemAbout, unknown, type View, yes } from './view.ts';

export function routeReady(view: View): Finding {
  const problem = problemAbout(view, 'route');
  if (problem) return no(problem.reason, problem.message);
  const { spec, children } = view.observed;
  if (spec.access.gateway) return gatewayReady([...children.values()].filter(({ kind }) => kind === 'HTTPRoute'));
  if (spec.access.ingress) return ingressReady([...children.values()].filter(({ kind }) => kind === 'Ingress'));
  return yes(
    'NotRequested',
    'No route is asked for: only what you put in front of the Services reaches the chat. For one, write spec.access.',
  );
}

interface RouteStatus {
  parents?: { parentRef?: { name?: string }; conditions?: { type: string; status: string; reason?: string; message?: string }[] }[];
}

function gatewayReady(routes: Child[]): Finding {
  if (routes.length === 0) return no('NotApplied', 'The HTTPRoute is not made yet.');
  const parents = routes.flatMap((route) => ((route.status ?? {}) as RouteStatus).parents ?? []);
  const refused = parents.flatMap(({ conditions = [] }) => conditions).find(({ type, status }) => isAbout(type) && status === 'False');
  if (refused) return no(refused.reason ?? 'NotAccepted', `The Gateway refuses the HTTPRoute: ${refused.message ?? refused.type}`);
  const accepted = parents.some(({ conditions = [] }) => conditions.some(({ type, status }) => type === 'Accepted' && status === 'True'));
  if (accepted) return yes('Accepted', 'The Gateway has accepted the HTTPRoute.');
  return unknown(
    'Pending',
    'No Gateway has answered to the HTTPRoute yet. See that spec.access.gateway.parentRefs name one that allows this namespace.',
  );
}

function isAbout(type: string): boolean {
  return type === 'Accepted' || type === 'ResolvedRefs';
}

interface IngressStatus {
  loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] };
}

/** Many controllers never write an address, so its absence is no failure. */
function ingressReady(ingresses: Child[]): Finding {
  if (ingresses.length === 0) return no('NotApplied', 'The Ingress is not made yet.');
  const addresses = ingresses.flatMap((ingress) => ((ingress.status ?? {}) as IngressStatus).loadBalancer?.ingress ?? []);
  const address = addresses.map(({ ip, hostname }) => ip ?? hostname).find(Boolean);
  if (address) return yes('AddressAssigned', `The Ingress is served at ${address}.`);
  return yes('Applied', 'The Ingress is made; its controller has reported no address (many never do).');
}

export function urlOf({ spec }: Observed): string | undefined {
  const { host, scheme, gateway, ingress } = spec.access;
  if (host === undefined) return undefined;
  const isSecure = gateway !== undefined || ingress?.tlsSecretName !== undefined;
  return `${scheme ?? (isSecure ? 'https' : 'http')}://${host}`;
}
