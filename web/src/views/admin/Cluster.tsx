import type { AdminStats, PodFigures } from '@chatcluster/protocol';
import { useEffect, useState } from 'react';
import { keepSamples, type Sample, toPoints } from '../../state/cluster-samples.ts';
import { useModel, useText } from '../app/context.tsx';
import { ActionError } from '../ui/ActionError.tsx';

const EVERY_MS = 2_000;
const BOX = { width: 236, height: 48 };

function useStats() {
  const { client } = useModel();
  const [state, setState] = useState<{ stats?: AdminStats; samples: readonly Sample[]; hasFailed: boolean }>({
    samples: [],
    hasFailed: false,
  });
  useEffect(() => {
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      client.rest.admin.stats().then(
        (stats) => setState(({ samples }) => ({ stats, samples: keepSamples(samples, stats), hasFailed: false })),
        () => setState((before) => ({ ...before, hasFailed: true })),
      );
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [client]);
  return state;
}

/** The live view: what the pods say of themselves, every two seconds. */
export function Cluster() {
  const { t, language } = useText();
  const { stats, samples, hasFailed } = useStats();
  const number = (value: number, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits });
  const last = samples.at(-1);
  if (!stats || !last) {
    if (hasFailed) return <p role="alert">{t('errorNetwork')}</p>;
    return <div aria-busy className="skeleton h-40" />;
  }
  return (
    <div className="flex max-w-[1100px] flex-col gap-6">
      <ActionError error={hasFailed ? 'errorNetwork' : undefined} />
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-3">
        <Chart label={t('connections')} value={number(last.connections)} values={samples.map((s) => s.connections)} />
        <Chart label={t('messagesPerSecond')} value={number(last.messagesPerSecond, 1)} values={samples.map((s) => s.messagesPerSecond)} />
        <Chart label={t('loopLag')} value={`${number(last.loopLagMs, 1)} ms`} values={samples.map((s) => s.loopLagMs)} />
      </div>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-5">
        <Total label={t('podsUp')} value={number(stats.pods.length)} />
        <Total label={t('accountsTotal')} value={number(stats.users)} />
        <Total label={t('guestsTotal')} value={number(stats.guests)} />
        <Total label={t('conversationsTotal')} value={number(stats.conversations)} />
        <Total label={t('openReports')} value={number(stats.openReports)} />
      </dl>
      <Pods pods={stats.pods} number={number} />
    </div>
  );
}

function Chart({ label, value, values }: { label: string; value: string; values: readonly number[] }) {
  const points = toPoints(values, BOX);
  return (
    <figure className="rounded-md p-4 ring-1 ring-n6">
      <figcaption className="text-sm text-n11">{label}</figcaption>
      <p className="mb-2 text-xl font-semibold tabular-nums">{value}</p>
      <svg
        viewBox={`0 0 ${BOX.width} ${BOX.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${value}`}
        className="h-12 w-full text-a9"
      >
        <line x1="0" x2={BOX.width} y1={BOX.height - 1} y2={BOX.height - 1} stroke="currentColor" strokeOpacity="0.25" />
        <polyline
          points={points}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          vectorEffect="non-scaling-stroke"
          strokeLinejoin="round"
        />
      </svg>
    </figure>
  );
}

function Total({ label, value }: { label: string; value: string }) {
  return (
    <div className="rounded-md bg-n2 px-4 py-3">
      <dt className="text-sm text-n11">{label}</dt>
      <dd className="text-lg font-semibold tabular-nums">{value}</dd>
    </div>
  );
}

function Pods({ pods, number }: { pods: readonly PodFigures[]; number: (value: number, digits?: number) => string }) {
  const { t } = useText();
  const heads = [
    t('pod'),
    t('podRole'),
    t('connections'),
    t('messagesPerSecond'),
    t('loopLag'),
    t('cpu'),
    t('heap'),
    t('version'),
    t('podState'),
  ];
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls sideways on a phone, by keyboard too
    <div tabIndex={0} role="region" aria-label={t('podsUp')} className="overflow-x-auto">
      <table data-testid="pods" className="w-full min-w-[760px] border-collapse text-left text-sm">
        <thead className="text-n11">
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className="border-b border-n6 py-2 pr-4 font-medium">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {pods.map((pod) => (
            <tr key={pod.podId} data-pod-id={pod.podId} className="border-b border-n6">
              <th scope="row" className="py-2 pr-4 font-medium">
                {pod.podId}
              </th>
              <td className="pr-4">{pod.role}</td>
              <td className="pr-4">{number(pod.connections)}</td>
              <td className="pr-4">{number(pod.messagesPerSecond, 1)}</td>
              <td className="pr-4">{number(pod.loopLagP99Ms, 1)} ms</td>
              <td className="pr-4">{number(pod.eventLoopUtilization * 100)} %</td>
              <td className="pr-4">{number(pod.heapUsedRatio * 100)} %</td>
              <td className="pr-4">{pod.version}</td>
              <td className={pod.postgres ? '' : 'text-danger'}>
                {t(pod.postgres ? (pod.takesSockets ? 'stateTaking' : 'stateOther') : 'stateNoPostgres')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
