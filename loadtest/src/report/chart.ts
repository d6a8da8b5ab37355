export interface Series {
  name: string;
  /** Seconds and value; a missing value interrupts the line. */
  points: [t: number, value: number | undefined][];
  isDashed?: boolean;
}

export interface Mark {
  from: number;
  to: number;
  label: string;
}

/** Labels of bands that begin closer together than this share of the width take turns in height. */
const LABEL_ROWS = 3;
const LABEL_HEIGHT = 12;

export interface ChartOptions {
  title: string;
  unit: string;
  series: Series[];
  marks: Mark[];
  seconds: number;
  /** When the load ended; what follows is the settling. */
  loadSeconds: number;
  isLogarithmic?: boolean;
}

const size = { width: 860, height: 240, left: 64, right: 12, top: 26, bottom: 26 } as const;
const plot = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;
const X_TICKS = 8;
const COLOURS = 8;
/** Shorter than this a fault is drawn so wide, to be seen at all. */
const LEAST_MARK = 3;

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(range: number, ticks: number): number {
  const rough = range / ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  return factor * power;
}

interface Scale {
  y(value: number): number;
  ticks: number[];
}

function linearScale(most: number): Scale {
  const step = niceStep(most || 1, 4);
  const top = Math.max(step, Math.ceil(most / step) * step);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { ticks, y: (value) => size.top + plot.height * (1 - value / top) };
}

function logarithmicScale(values: number[]): Scale {
  const low = Math.floor(Math.log10(Math.max(0.1, Math.min(...values))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(0.1, ...values))));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const share = (value: number) => (Math.log10(Math.max(10 ** low, value)) - low) / (high - low);
  return { ticks, y: (value) => size.top + plot.height * (1 - share(value)) };
}

function path(points: Series['points'], x: (t: number) => number, y: (value: number) => number): string {
  let isDown = false;
  return points

    .map(([t, value]) => {
      if (value === undefined) {
        isDown = false;
        return '';
      }
      const command = `${isDown ? 'L' : 'M'}${x(t).toFixed(1)} ${y(value).toFixed(1)}`;
      isDown = true;
      return command;
    })
    .join('');
}

function renderBands(marks: readonly Mark[], x: (t: number) => number): string {
  return marks
    .map(({ from, to, label }, i) => {
      const width = Math.max(LEAST_MARK, x(to) - x(from)).toFixed(1);
      const title = escapeHtml(`${label}, ${formatNumber(from)} to ${formatNumber(to)} s`);
      const y = size.top + LABEL_HEIGHT * ((i % LABEL_ROWS) + 1) - 2;
      return (
        `<g class="fault"><title>${title}</title><rect x="${x(from).toFixed(1)}" y="${size.top}" width="${width}" height="${plot.height}"/>` +
        `<text x="${(x(from) + 4).toFixed(1)}" y="${y}">${escapeHtml(label.replace(/ \(.*/, ''))}</text></g>`
      );
    })
    .join('');
}

function renderSettling(from: number): string {
  const width = size.left + plot.width - from;
  return (
    `<g class="settling"><rect x="${from.toFixed(1)}" y="${size.top}" width="${width.toFixed(1)}" height="${plot.height}"/>` +
    `<text x="${size.left + plot.width - 4}" y="${size.top + LABEL_HEIGHT}" text-anchor="end">after the load</text></g>`
  );
}

/** A line chart as SVG: a pure function of the figures. Its numbers travel along for the read-out under the pointer. */
export function renderChart({ title, unit, series, marks, seconds, loadSeconds, isLogarithmic }: ChartOptions): string {
  const values = series.flatMap(({ points }) => points.flatMap(([, value]) => (value === undefined ? [] : [value])));
  if (values.length === 0) return '';
  const scale = isLogarithmic ? logarithmicScale(values) : linearScale(Math.max(...values));
  const x = (t: number) => size.left + (Math.min(t, seconds) / seconds) * plot.width;
  const bottom = size.top + plot.height;
  const bands = renderBands(marks, x);
  const grid = scale.ticks.map(
    (tick) =>
      `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${scale.y(tick).toFixed(1)}" y2="${scale.y(tick).toFixed(1)}"/>` +
      `<text class="axis" x="${size.left - 8}" y="${(scale.y(tick) + 4).toFixed(1)}" text-anchor="end">${formatNumber(tick)}</text>`,
  );
  const step = niceStep(seconds, X_TICKS);
  const times = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step).map(
    (t) => `<text class="axis" x="${x(t).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${formatNumber(t)} s</text>`,
  );
  const lines = series.map(
    ({ points, isDashed }, i) =>
      `<path class="line c${i % COLOURS}${isDashed ? ' dashed' : ''}" d="${path(
        points.filter(([t]) => t <= seconds),
        x,
        scale.y,
      )}"/>`,
  );
  const legend = series
    .map(({ name, isDashed }, i) => `<li><i class="c${i % COLOURS}${isDashed ? ' dashed' : ''}"></i>${escapeHtml(name)}</li>`)
    .join('');
  const data = { seconds, left: size.left, width: plot.width, unit, series: series.map(({ name, points }) => ({ name, points })) };
  return `<figure class="chart" data-chart="${escapeHtml(JSON.stringify(data))}">
<figcaption>${escapeHtml(title)} <small>${escapeHtml(unit)}</small></figcaption>
<ul class="legend">${legend}</ul>
<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(title)}">${loadSeconds < seconds ? renderSettling(x(loadSeconds)) : ''}${bands}${grid.join('')}${times.join('')}${lines.join('')}<line class="cursor" y1="${size.top}" y2="${bottom}"/></svg>
<output></output>
</figure>`;
}
