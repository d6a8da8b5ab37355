import type { Report } from '../lib/summary.ts';

/** One point of the curve. */
export interface Step {
  pods: number;
  clients: number;
  offeredPerSecond: number;
  acknowledgedPerSecond: number;
  deliveredPerSecond: number;
  ackP99Ms: number;
  deliveryP99Ms: number;
  lost: number;
  /** Undefined where the pods' own figures cannot be reached. */
  cpuMsPerThousandDeliveries: number | undefined;
  /** Deliveries per pod, as a share of those of the smallest step. */
  efficiency: number;
  /** The same in pod CPU per delivery, against two pods (one pod needs no Redis between sender and receiver). */
  cpuEfficiency: number | undefined;
}
export interface Rule {
  rule: string;
  ok: boolean;
}

export function toStep(pods: number, { clients, settings, metrics, ...report }: Report): Step {
  const cpuMs = metrics.pod_cpu_ms?.count;
  const delivered = metrics.delivered?.count ?? 0;
  return {
    pods,
    clients,
    offeredPerSecond: settings.ratePerSecond,
    acknowledgedPerSecond: report.acknowledgedPerSecond,
    deliveredPerSecond: report.deliveredPerSecond,
    ackP99Ms: metrics.send_ack_ms?.['p(99)'] ?? Number.POSITIVE_INFINITY,
    deliveryP99Ms: metrics.delivery_ms?.['p(99)'] ?? Number.POSITIVE_INFINITY,
    lost: metrics.followed_lost?.count ?? 0,
    cpuMsPerThousandDeliveries: cpuMs && delivered > 0 ? (cpuMs * 1_000) / delivered : undefined,
    efficiency: 1,
    cpuEfficiency: undefined,
  };
}

/** Fills in what is relative to another step. */
export function withEfficiency(steps: readonly Step[]): Step[] {
  const first = steps[0];
  const base = steps.find(({ pods }) => pods === 2);
  return steps.map((step) => {
    const baseCpu = base?.cpuMsPerThousandDeliveries;
    const cpu = step.cpuMsPerThousandDeliveries;
    return {
      ...step,
      efficiency: first ? step.deliveredPerSecond / step.pods / (first.deliveredPerSecond / first.pods) : 1,
      cpuEfficiency: step.pods >= 2 && baseCpu && cpu ? baseCpu / cpu : undefined,
    };
  });
}

const count = ({ pods }: Step) => (pods === 1 ? '1 pod' : `${pods} pods`);

export function judge(steps: readonly Step[], { efficiency, p99Ms }: { efficiency: number; p99Ms: number }): Rule[] {
  const percent = Math.round(efficiency * 100);
  return steps.flatMap((step) => [
    { rule: `${count(step)}: deliveries per pod at least ${percent} % of the first step`, ok: step.efficiency >= efficiency },
    ...(step.cpuEfficiency === undefined
      ? []
      : [{ rule: `${count(step)}: CPU per delivery at least ${percent} % as good as with 2`, ok: step.cpuEfficiency >= efficiency }]),
    { rule: `${count(step)}: p99 of acks and deliveries below ${p99Ms} ms`, ok: Math.max(step.ackP99Ms, step.deliveryP99Ms) < p99Ms },
    { rule: `${count(step)}: nothing lost`, ok: step.lost === 0 },
  ]);
}

const figure = (value: number | undefined, digits = 0) => (value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(digits));

export function toRows(steps: readonly Step[]): string[][] {
  const head = ['pods', 'clients', 'offered/s', 'acked/s', 'delivered/s', 'ack p99', 'delivery p99', 'per pod', 'CPU ms/1000', 'CPU'];
  const percent = (value: number | undefined) => (value === undefined ? '-' : `${figure(value * 100)} %`);
  return [
    head,
    ...steps.map((step) => [
      String(step.pods),
      String(step.clients),
      figure(step.offeredPerSecond),
      figure(step.acknowledgedPerSecond),
      figure(step.deliveredPerSecond),
      figure(step.ackP99Ms),
      figure(step.deliveryP99Ms),
      percent(step.efficiency),
      figure(step.cpuMsPerThousandDeliveries),
      percent(step.cpuEfficiency),
    ]),
  ];
}
