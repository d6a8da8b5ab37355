import { crc32, deflateSync } from 'node:zlib';

/** The icon on a square of 32: the same shapes as `public/icon.svg`, which browsers prefer where they may choose. */
const GROUND = [0x4b, 0x57, 0xd6] as const;
const MARK = [0xff, 0xff, 0xff] as const;
const DOTS = [12, 16, 20] as const;

function isInRounded(x: number, y: number, [left, top, right, bottom, radius]: readonly [number, number, number, number, number]): boolean {
  if (x < left || x > right || y < top || y > bottom) return false;
  const dx = Math.max(left + radius - x, x - (right - radius), 0);
  const dy = Math.max(top + radius - y, y - (bottom - radius), 0);
  return dx * dx + dy * dy <= radius * radius;
}

const isInTail = (x: number, y: number) => x >= 12 && x <= 16.5 && y >= 20.5 && y <= 24.5 - ((x - 12) * 4) / 4.5;
const isInDot = (x: number, y: number) => DOTS.some((center) => (x - center) ** 2 + (y - 15.5) ** 2 <= 1.4 ** 2);
const isInMark = (x: number, y: number) => (isInRounded(x, y, [7, 10.5, 25, 20.5, 2]) || isInTail(x, y)) && !isInDot(x, y);

/** `maskable` fills the square and keeps the mark inside of the circle that every platform shows. */
function colourAt(x: number, y: number, isMaskable: boolean): readonly number[] {
  const [u, v] = isMaskable ? [16 + (x - 16) * 1.3, 16 + (y - 16) * 1.3] : [x, y];
  if (isInMark(u, v)) return [...MARK, 255];
  return isMaskable || isInRounded(x, y, [0, 0, 32, 32, 9]) ? [...GROUND, 255] : [0, 0, 0, 0];
}

/** Samples per pixel and direction: smooth edges. */
const SAMPLES = 4;

function pixel(px: number, py: number, scale: number, isMaskable: boolean): number[] {
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < SAMPLES * SAMPLES; i += 1) {
    const x = (px + ((i % SAMPLES) + 0.5) / SAMPLES) * scale;
    const y = (py + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES) * scale;
    const [r = 0, g = 0, b = 0, a = 0] = colourAt(x, y, isMaskable);
    for (const [channel, value] of [r * a, g * a, b * a, a].entries()) sum[channel] = (sum[channel] ?? 0) + value;
  }
  const alpha = sum[3] ?? 0;
  return [...sum.slice(0, 3).map((value) => (alpha === 0 ? 0 : Math.round(value / alpha))), Math.round(alpha / SAMPLES ** 2)];
}

/** A PNG of the icon, `size` pixels wide and high. */
export function drawIcon(size: number, isMaskable = false): Buffer {
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: size }, (_, x) => pixel(x, y, 32 / size, isMaskable)).flat()]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
