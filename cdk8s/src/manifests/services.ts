import type { KubernetesObject } from '../types.ts';
import { ADMIN_PORT, type Component, type Context, HTTP_PORT, object, type Role, selectorOf } from './context.ts';

const http = { name: 'http', port: HTTP_PORT, targetPort: 'http', protocol: 'TCP' };
const admin = { name: 'admin', port: ADMIN_PORT, targetPort: 'admin', protocol: 'TCP' };

function service(context: Context, name: string, component: Component, spec: object): KubernetesObject {
  return object(context, ['v1/Service', name], { spec: { ...spec, selector: selectorOf(context, component) } }, { component });
}

/** For load balancers and routes: REST and the web app on api pods, sockets on realtime pods. The admin port is not on them. */
function fronts(context: Context): KubernetesObject[] {
  const spec = { type: 'ClusterIP', ports: [http] };
  return [service(context, context.n.front, 'api', spec), service(context, context.n.sockets, 'realtime', spec)];
}

/** Addresses of single pods, for Prometheus and for load balancers that follow DNS. */
function headless(context: Context, role: Role): KubernetesObject {
  const ports = role === 'worker' ? [admin] : [http, admin];
  return service(context, context.n[role], role, { clusterIP: 'None', ports });
}

export function serverServices(context: Context): KubernetesObject[] {
  return [...fronts(context), headless(context, 'realtime'), headless(context, 'api'), headless(context, 'worker')];
}

export function dataService(context: Context, name: string, component: 'postgres' | 'redis', port: number): KubernetesObject {
  return service(context, name, component, {
    type: 'ClusterIP',
    ports: [{ name: component, port, targetPort: component, protocol: 'TCP' }],
  });
}
