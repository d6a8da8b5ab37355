import type { Frame } from './flame-tree.ts';

const WIDTH = 1_200;
const ROW = 17;
const TOP = 56;
/** Frames with less of the whole than this are left out: nobody could see them. */
const LEAST = 0.004;
const CHARACTER = 6.4;

const kinds = [
  { label: 'ours', colour: '#e8743b', matches: ({ where }: Frame) => /^(server|protocol|tools)\//.test(where) },
  { label: 'libraries', colour: '#f2c14e', matches: ({ where }: Frame) => where.startsWith('node_modules/') },
  { label: 'garbage collection', colour: '#a98ad1', matches: ({ name }: Frame) => name === '(garbage collector)' },
  { label: 'Node, V8 and the kernel', colour: '#b9c6cf', matches: () => true },
];

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A flame graph after Brendan Gregg, drawn downwards: width is time on the processor, below each function what it called. */
export function toSvg(all: Frame, title: string): string {
  const rows: string[] = [];
  const depth = draw(all, { x: 0, depth: 0, whole: all.total, rows });
  const height = TOP + (depth + 1) * ROW + 8;
  const legend = kinds.map(
    ({ label, colour }, i) =>
      `<rect x="${8 + i * 170}" y="30" width="12" height="12" fill="${colour}"/><text x="${25 + i * 170}" y="40">${label}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10.5" role="img">`,
    `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="8" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...legend,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

interface Place {
  x: number;
  depth: number;
  whole: number;
  rows: string[];
}

/** Gives the deepest row. */
function draw(frame: Frame, { x, depth, whole, rows }: Place): number {
  const width = (frame.total / whole) * WIDTH;
  rows.push(box(frame, { x, y: TOP + depth * ROW, width, share: frame.total / whole }));
  let deepest = depth;
  let left = x;
  for (const child of [...frame.children.values()].sort((a, b) => b.total - a.total)) {
    if (child.total / whole < LEAST) break;
    deepest = Math.max(deepest, draw(child, { x: left, depth: depth + 1, whole, rows }));
    left += (child.total / whole) * WIDTH;
  }
  return deepest;
}

function box(frame: Frame, { x, y, width, share }: { x: number; y: number; width: number; share: number }): string {
  const { colour } = kinds.find(({ matches }) => matches(frame))!;
  const room = Math.floor((width - 6) / CHARACTER);
  const label = frame.name.length <= room ? frame.name : `${frame.name.slice(0, room - 1)}…`;
  const text = room >= 3 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>` : '';
  const tip = `${frame.name} ${frame.where}, ${(share * 100).toFixed(1)} %`;
  return `<g><title>${escaped(tip)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colour}"/>${text}</g>`;
}
