import type { Context } from './context.ts';

interface Alert {
  alert: string;
  expr: string;
  for: string;
  /** An expression with a sum or `absent` says nothing of where it is about: these tell whom to wake. */
  labels: { severity: 'warning' | 'critical'; namespace: string; chatcluster: string };
  annotations: {
    summary: string;
    description: string;
    /** Page of this project. */
    runbook: string;
  };
}

/** Prometheus names the Service that a target was found by; ours are named after the role. */
export function ofRole({ cluster: { namespace }, n }: Context, role: 'realtime' | 'api' | 'worker', more = ''): string {
  return `{namespace="${namespace}",service="${n[role]}"${more}}`;
}

/** What the operator says of this ChatCluster; each of its replicas does. Needs the ServiceMonitor of its chart. */
function ofOperator({ cluster: { name, namespace } }: Context, metric: string): string {
  return `max(${metric}{namespace="${namespace}",name="${name}"})`;
}

export function alerts(context: Context): Alert[] {
  const { name, namespace, spec } = context.cluster;
  const realtime = ofRole(context, 'realtime');
  const make = (
    alert: string,
    severity: 'warning' | 'critical',
    [expr, after]: [string, string],
    [summary, description]: [string, string],
  ): Alert => ({
    alert,
    expr,
    for: after,
    labels: { severity, namespace, chatcluster: name },
    annotations: { summary: `${name}: ${summary}`, description, runbook: `docs/runbooks/${alert}.md` },
  });
  return [
    make(
      'ChatClusterDown',
      'critical',
      [`absent(up${realtime} == 1)`, '2m'],
      [
        'no realtime pod answers',
        'Nobody can chat. Look at: kubectl describe chatcluster, then at the pods with the label app.kubernetes.io/component=realtime.',
      ],
    ),
    make(
      'ChatClusterNearlyFull',
      'warning',
      [`sum(chat_sockets${realtime}) / (count(up${realtime} == 1) * ${spec.roles.realtime.maxConnections}) > 0.9`, '5m'],
      [
        'the realtime pods are nearly full',
        'Soon people are turned away. Raise spec.autoscaling.maxReplicas, or spec.replicas if nothing scales.',
      ],
    ),
    make(
      'ChatClusterRefusesConnections',
      'warning',
      [`sum(rate(chat_handshakes_refused_total${ofRole(context, 'realtime', ',reason="overloaded"')}[5m])) > 1`, '5m'],
      ['people are turned away', 'Pods are at their limit, or more people come at once than spec.limits.handshakesPerSecondPerPod admits.'],
    ),
    make(
      'ChatClusterDatabaseBehind',
      'warning',
      [`max(chat_batch_waiting_rows${realtime}) > 500`, '2m'],
      ['messages wait for the database', 'Postgres takes them too slowly. Look at its load and its disk.'],
    ),
    make(
      'ChatClusterPodsBusy',
      'warning',
      [`max(nodejs_eventloop_lag_p99_seconds${realtime}) > 0.2`, '5m'],
      ['a realtime pod is overloaded', 'Lower spec.autoscaling.targets, or raise maxReplicas.'],
    ),
    make(
      'ChatClusterNotReady',
      'warning',
      [`${ofOperator(context, 'chatcluster_ready')} == 0`, '10m'],
      ['it is not as the spec wants it', 'kubectl describe chatcluster: the condition Ready says what is in the way, and what to do.'],
    ),
    make(
      'ChatClusterDegraded',
      'warning',
      [`${ofOperator(context, 'chatcluster_degraded')} == 1`, '5m'],
      ['a release does not run', 'Its migration failed, or it was rolled back. The condition Degraded says more.'],
    ),
    make(
      'ChatClusterBackupUnhealthy',
      'warning',
      [`${ofOperator(context, 'chatcluster_backup_healthy')} == 0`, '10m'],
      ['backups fail or are overdue', 'The condition BackupHealthy says which, and where the log is.'],
    ),
  ];
}
