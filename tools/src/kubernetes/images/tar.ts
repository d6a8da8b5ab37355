import { cpSync, createReadStream, lstatSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** One thing in a layer or an archive; `path` has no leading slash. */
export type Entry = { path: string; mode?: number } & (
  | { type: 'folder' }
  | { type: 'link'; target: string }
  | { type: 'file'; from: string }
  | { type: 'file'; content: string | Uint8Array }
);

const BLOCK = 512;
const NAME_BYTES = 100;
const typeFlags = { file: '0', link: '2', folder: '5' } as const;

/** Long paths are split at a slash: the last 100 bytes in `name`, what is before in `prefix`. */
function splitName(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  const cut = path.indexOf('/', path.length - NAME_BYTES - 1);
  if (cut < 0 || cut > 155) throw new Error(`the path is too long for an archive: ${path}`);
  return { name: path.slice(cut + 1), prefix: path.slice(0, cut) };
}

const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;

function header(entry: Entry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = splitName(entry.type === 'folder' ? `${entry.path}/` : entry.path);
  block.write(name, 0);
  block.write(octal(entry.mode ?? (entry.type === 'file' ? 0o644 : 0o755), 8), 100);
  // Owner root, time 0: the same content is the same archive.
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(typeFlags[entry.type], 156);
  if (entry.type === 'link') block.write(entry.target, 157);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return block;
}

const padding = (size: number) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

async function* packEntry(entry: Entry): AsyncGenerator<Buffer> {
  if (entry.type !== 'file') {
    yield header(entry, 0);
    return;
  }
  if ('from' in entry) {
    const size = statSync(entry.from).size;
    yield header(entry, size);
    yield* createReadStream(entry.from, { highWaterMark: 2 ** 20 });
    yield padding(size);
    return;
  }
  const content = Buffer.from(entry.content);
  yield header(entry, content.length);
  yield content;
  yield padding(content.length);
}

/** Parents of every path, so that their modes do not depend on who unpacks. */
function withParents(entries: Entry[]): Entry[] {
  const all = new Map<string, Entry>();
  for (const { path } of entries) {
    for (let dir = posix.dirname(path); dir !== '.'; dir = posix.dirname(dir)) all.set(dir, { type: 'folder', path: dir });
  }
  for (const entry of entries) all.set(entry.path, entry);
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A tar archive, sorted; the same entries give the same bytes. */
export async function* packTar(entries: Entry[]): AsyncGenerator<Buffer> {
  for (const entry of withParents(entries)) yield* packEntry(entry);
  yield Buffer.alloc(2 * BLOCK);
}

/** Every file below a folder; executables stay executable. */
export function folderEntries(from: string, path: string, keep: (path: string) => boolean = () => true): Entry[] {
  return readdirSync(from, { withFileTypes: true }).flatMap((item): Entry[] => {
    const source = join(from, item.name);
    const target = posix.join(path, item.name);
    if (!keep(target)) return [];
    if (item.isDirectory()) return folderEntries(source, target, keep);
    if (item.isSymbolicLink()) return [{ type: 'link', path: target, target: readlinkSync(source) }];
    return [{ type: 'file', path: target, from: source, mode: lstatSync(source).mode & 0o111 ? 0o755 : 0o644 }];
  });
}

/** The same entries as files of a folder. */
export function writeEntries(entries: Entry[], dir: string): void {
  for (const entry of entries) {
    const to = join(dir, entry.path);
    mkdirSync(entry.type === 'folder' ? to : dirname(to), { recursive: true });
    if (entry.type === 'link') symlinkSync(entry.target, to);
    if (entry.type === 'file' && 'from' in entry) cpSync(entry.from, to);
    if (entry.type === 'file' && 'content' in entry) writeFileSync(to, entry.content);
  }
}
