import { timers } from '../meters.ts';
import { type FindingKind, findingKinds, wrongCount } from '../oracle/verdict.ts';
import { escapeHtml, formatNumber } from './chart.ts';
import { renderCharts } from './charts.ts';
import { compareRuns } from './compare.ts';
import type { Report } from './create.ts';
import { script, style } from './style.ts';
import { formatAmount, growthWords, timerNames } from './words.ts';

/** Cells that are not words are right-aligned numbers. */
export function renderTable(head: string[], rows: (string | number | undefined)[][]): string {
  const cell = (tag: 'td' | 'th', value: string | number | undefined, isNumber: boolean) =>
    `<${tag}${isNumber ? ' class="n"' : ''}>${typeof value === 'number' ? formatNumber(value) : escapeHtml(value ?? '–')}</${tag}>`;
  const isNumber = head.map((_, i) => rows.every((row) => typeof row[i] !== 'string') && rows.length > 0);
  const body = rows.map((row) => `<tr>${row.map((value, i) => cell('td', value, isNumber[i]!)).join('')}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${head.map((name, i) => cell('th', name, isNumber[i]!)).join('')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const section = (title: string, content: string) => (content ? `<h2>${escapeHtml(title)}</h2>\n${content}` : '');

function renderHead({ startedAt, machine, target, settings, population, seconds }: Report): string {
  const mode = settings.mode === 'open' ? `open loop, ${formatNumber(settings.messagesPerSecond)} messages/s` : 'closed loop';
  return `<h1>Load on ${escapeHtml(target.urls.join(', '))}</h1>
<p class="dim">${escapeHtml(startedAt)} · ${formatNumber(seconds)} s · ${mode} · SEED=${settings.seed}</p>
<p class="dim">${formatNumber(population.people)} people, ${formatNumber(population.conversations)} conversations, ${formatNumber(population.members)} memberships · generator: ${machine.cores} cores, ${escapeHtml(machine.cpu)}, Node ${escapeHtml(machine.node)}</p>`;
}

function renderVerdict({ verdict, notConnected, unanswered }: Report): string {
  const wrong = wrongCount(verdict);
  const text =
    wrong === 0
      ? 'Nothing lost, nothing twice, nothing out of order, nothing acknowledged but missing.'
      : `${formatNumber(wrong)} findings: what was acknowledged is not what everybody has.`;
  const away = notConnected > 0 ? ` ${notConnected} people could not connect at the end.` : '';
  return `<div class="verdict ${wrong === 0 ? 'good' : 'bad'}">${text}${away}${unanswered > 0 ? ` ${unanswered} sends got no answer.` : ''}</div>`;
}

function renderTiles({ verdict, counters, times, seconds }: Report): string {
  const tiles: [string, string][] = [
    ['acknowledged', `${formatNumber(counters.acknowledged)} <small>${formatNumber(counters.acknowledged / seconds)}/s</small>`],
    ['deliveries', `${formatNumber(counters.deliveries)} <small>${formatNumber(counters.deliveries / seconds)}/s</small>`],
    ['ack, p50 / p99', times.ack ? `${formatNumber(times.ack.p50)} / ${formatNumber(times.ack.p99)} <small>ms</small>` : '–'],
    [
      'applied, p50 / p99',
      times.delivery ? `${formatNumber(times.delivery.p50)} / ${formatNumber(times.delivery.p99)} <small>ms</small>` : '–',
    ],
    ['checked by the oracle', formatNumber(verdict.deliveries)],
  ];
  return `<dl class="tiles">${tiles.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function renderOracle({ verdict, counters }: Report): string {
  const rows = (Object.keys(findingKinds) as FindingKind[]).map((kind) => [findingKinds[kind], verdict.counts[kind]]);
  return renderTable(
    ['what the oracle looked for', 'found'],
    [
      ...rows,
      ['for information: deliveries later than 2 s (5 s after a fault or a reconnect)', verdict.late],
      ['for information: on the wire out of order, before the client rule', counters.misordered],
      ['for information: on the wire twice', counters.repeated],
    ],
  );
}

function renderTimes({ times }: Report): string {
  const rows = timers.flatMap((name) => {
    const found = times[name];
    return found ? [[timerNames[name], found.count, found.p50, found.p90, found.p99, found.p999, found.max]] : [];
  });
  return renderTable(['ms', 'count', 'p50', 'p90', 'p99', 'p99.9', 'max'], rows);
}

function renderFaults({ faults }: Report): string {
  if (faults.length === 0) return '';
  return renderTable(
    ['fault', 'what was hit', 'from s', 'to s', 'remark'],
    faults.map(({ kind, target, from, to, error }) => [kind, target, from, to, error ?? '']),
  );
}

function renderGrowth({ growth, bytesPerMessage, settings }: Report): string {
  if (growth.length === 0 || (!settings.isSoak && growth.every(({ verdict }) => verdict === 'too short'))) return '';
  const rows = growth.map(({ name, unit, level, perHour, grew, allowed, seconds, verdict }) => [
    name,
    formatAmount(level, unit),
    formatAmount(perHour, unit),
    `${formatAmount(grew, unit)} of ${formatAmount(allowed, unit)}`,
    `${formatNumber(seconds)} s`,
    growthWords[verdict],
  ]);
  const cost =
    bytesPerMessage === undefined ? '' : `<p class="dim">${formatNumber(bytesPerMessage)} bytes of Postgres per stored message</p>`;
  return renderTable(['what', 'at the end', 'slope per hour', 'grew, of what is allowed', 'judged', ''], rows) + cost;
}

function renderCounters({ counters, refusals }: Report): string {
  const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const rows = [
    ...Object.entries(counters).map(([name, value]) => [words(name), value]),
    ...Object.entries(refusals).map(([code, count]) => [`refused with ${code}`, count]),
  ];
  return renderTable(['counter', 'in all'], rows as [string, number][]);
}

/** One file without anything from elsewhere: it can be mailed and opened in ten years. */
export function renderPage(report: Report, earlier: Report | undefined): string {
  const { settings, plan, story } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Load, ${escapeHtml(report.startedAt)}</title><style>${style}</style></head><body>
${renderHead(report)}
${renderVerdict(report)}
${renderTiles(report)}
${section(wrongCount(report.verdict) > 0 ? 'The first finding' : 'The latest delivery', story.length > 0 ? `<pre>${escapeHtml(story.join('\n'))}</pre>` : '')}
${section('Over time', renderCharts(report, earlier))}
${section('The oracle', renderOracle(report))}
${section('Latency', renderTimes(report))}
${section('Faults', renderFaults(report))}
${section('Growth', renderGrowth(report))}
${section('Against the run before', earlier ? `<p class="dim">${escapeHtml(earlier.startedAt)}</p>${renderTable(['figure', 'before', 'now', 'now ÷ before'], compareRuns(report, earlier))}` : '')}
${section('Counters', renderCounters(report))}
<details><summary>Settings and fault schedule</summary><pre>${escapeHtml(JSON.stringify({ settings, plan }, null, 2))}</pre></details>
<script>${script}</script>
</body></html>
`;
}
