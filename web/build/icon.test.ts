// @vitest-environment node
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { drawIcon } from './icon.ts';

/** The bytes of the pixel in row `y`, column `x`. */
function pixelAt(png: Buffer, size: number, x: number, y: number): number[] {
  const start = png.indexOf('IDAT') + 4;
  const pixels = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
  const offset = y * (size * 4 + 1) + 1 + x * 4;
  return [...pixels.subarray(offset, offset + 4)];
}

test('the icon is a picture of the size that was asked for, with its mark in the middle', () => {
  const png = drawIcon(64);
  expect(png.readUInt32BE(16)).toBe(64);
  expect(pixelAt(png, 64, 0, 0)).toEqual([0, 0, 0, 0]);
  expect(pixelAt(png, 64, 32, 8)).toEqual([0x4b, 0x57, 0xd6, 255]);
  expect(pixelAt(png, 64, 32, 24)).toEqual([255, 255, 255, 255]);
});

test('a maskable icon fills its corners', () => {
  expect(pixelAt(drawIcon(64, true), 64, 0, 0)).toEqual([0x4b, 0x57, 0xd6, 255]);
});
