import type { KubernetesObject } from '../types.ts';
import { alerts } from './alerts.ts';
import { type Context, instanceOf, object } from './context.ts';
import { dashboard } from './dashboard.ts';

function serviceMonitor(context: Context): KubernetesObject {
  const spec = {
    selector: { matchLabels: instanceOf(context.cluster.name) },
    // Only headless Services have a port of this name.
    endpoints: [{ port: 'admin', path: '/metrics', interval: '15s' }],
  };
  return object(context, ['monitoring.coreos.com/v1/ServiceMonitor', context.cluster.name], { spec });
}

function prometheusRule(context: Context): KubernetesObject {
  const spec = { groups: [{ name: 'chatcluster', rules: alerts(context) }] };
  return object(context, ['monitoring.coreos.com/v1/PrometheusRule', context.cluster.name], { spec });
}

function dashboards(context: Context): KubernetesObject {
  const data = { 'chatcluster.json': JSON.stringify(dashboard(context)) };
  return object(context, ['v1/ConfigMap', `${context.cluster.name}-dashboard`], { data }, { labels: { grafana_dashboard: '1' } });
}

/** What needs an API that is absent is left out; the operator says so in a condition. */
export function monitoring(context: Context): KubernetesObject[] {
  const { monitoring: wanted } = context.cluster.spec;
  const { serviceMonitor: hasMonitor, prometheusRule: hasRule } = context.facts.capabilities;
  const hasDashboard = wanted.dashboards === 'Enabled' || (wanted.dashboards === 'Auto' && hasMonitor);
  return [
    ...(wanted.serviceMonitor !== 'Disabled' && hasMonitor ? [serviceMonitor(context)] : []),
    ...(wanted.rules !== 'Disabled' && hasRule ? [prometheusRule(context)] : []),
    ...(hasDashboard ? [dashboards(context)] : []),
  ];
}
