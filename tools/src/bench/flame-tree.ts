/** The parts of a `.cpuprofile` of V8 that are read. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] }[];
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

/** One function as it was called from the one below it. */
export interface Frame {
  name: string;
  /** `file:line`; empty for what is not JavaScript. */
  where: string;
  /** Microseconds, with everything that it called. */
  total: number;
  children: Map<string, Frame>;
}

export function newFrame(name: string, where: string): Frame {
  return { name, where, total: 0, children: new Map() };
}

/** From the checkout or the package on; nobody else has our folders. */
function placeOf({ url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const path = url.replace(/^file:\/\//, '').replace(/^.*\/(?=node_modules\/|(?:server|protocol|tools)\/src\/)/, '');
  return path === '' ? '' : `${path}:${lineNumber + 1}`;
}

/** Adds the samples of a profile to the tree, without the time in which the process slept or loaded modules. */
export function addProfile(all: Frame, { nodes, samples, timeDeltas }: CpuProfile): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  samples.forEach((sample, i) => {
    const stack: CpuProfile['nodes'] = [];
    for (let node = byId.get(sample); node !== undefined; node = byId.get(parents.get(node.id) ?? -1)) stack.unshift(node);
    const isLoading = stack.some(({ callFrame }) => callFrame.url.startsWith('node:internal/modules/'));
    if (isLoading || stack.at(-1)?.callFrame.functionName === '(idle)') return;
    const micros = timeDeltas[i] ?? 0;
    let frame = all;
    frame.total += micros;
    for (const { callFrame } of stack.slice(1)) {
      frame = childOf(frame, callFrame.functionName || '(anonymous)', placeOf(callFrame));
      frame.total += micros;
    }
  });
}

function childOf({ children }: Frame, name: string, where: string): Frame {
  const key = `${name} ${where}`;
  const known = children.get(key);
  if (known) return known;
  const child = newFrame(name, where);
  children.set(key, child);
  return child;
}

/** Whose code a function is: a folder of ours, a package, or the part of V8 that names itself; nothing for Node's own. */
function ownerOf({ name, where }: Frame): string | undefined {
  const ours = /^(?:server\/src\/(?:[^/:]+(?=\/))?|(?:protocol|tools)\/src)/.exec(where)?.[0];
  const library = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(where)?.[1];
  return ours?.replace(/\/$/, '') ?? library ?? (where === '' && name.startsWith('(') ? name : undefined);
}

/** Microseconds by the innermost owner on the stack: what Node itself does counts for who called it. The largest first. */
export function byOwner(all: Frame): [owner: string, micros: number][] {
  const sums = new Map<string, number>();
  const add = (frame: Frame, inherited: string) => {
    const owner = ownerOf(frame) ?? inherited;
    let own = frame.total;
    for (const child of frame.children.values()) {
      own -= child.total;
      add(child, owner);
    }
    sums.set(owner, (sums.get(owner) ?? 0) + own);
  };
  add(all, 'node');
  return [...sums].filter(([, micros]) => micros > 0).sort(([, a], [, b]) => b - a);
}
