import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePage } from './decode-page.ts';
import { type PageInfo, parsePage } from './parse-page.ts';

const at = 'https://news.example/2026/story.html';
const cases: Record<string, [string, PageInfo]> = {
  'Open Graph before everything else': [
    `<html><head><title>Plain</title><meta name=description content="plain text"><meta name="twitter:title" content="Tweet">
     <meta property="og:title" content="Open"><meta property="og:description" content="Graph"><meta property="og:site_name" content="News">
     <meta property="og:image" content="/a.png"></head></html>`,
    { title: 'Open', description: 'Graph', siteName: 'News', imageUrl: 'https://news.example/a.png' },
  ],
  "Twitter's where there is no Open Graph": [
    '<title>Plain</title><meta name="twitter:title" content="Tweet"><meta name="twitter:description" content="Card"><meta name="twitter:image" content="https://i.example/b.jpg">',
    { title: 'Tweet', description: 'Card', imageUrl: 'https://i.example/b.jpg' },
  ],
  'plain HTML': [
    '<!doctype html><TITLE>\n  A &amp; B\n &lt;i&gt; </TITLE><META NAME="Description" CONTENT="What  it\tis"><link rel="image_src" href="../c.gif">',
    { title: 'A & B <i>', description: 'What it is', imageUrl: 'https://news.example/c.gif' },
  ],
  'markup in a title as the text that it is': [
    `<title><script>alert(1)</script></title><meta property="og:description" content="&lt;img src=x onerror=alert(1)&gt;">`,
    { title: '<script>alert(1)</script>', description: '<img src=x onerror=alert(1)>' },
  ],
  'nothing behind the head': ['<head></head><body><title>x</title><meta property="og:title" content="y"></body>', {}],
  'nothing that is commented out or written by a script': [
    '<!-- <title>a</title> --><script>document.write("<title>b</title>")</script><title>c</title>',
    { title: 'c' },
  ],
  'no signs that turn or hide text': ['<title>a\u202eb\u200bc\u0000d\u2066e</title>', { title: 'abc de' }],
  'no picture of another kind': [
    `<title>t</title><meta property="og:image" content="data:image/png;base64,AA"><meta name="twitter:image" content="javascript:alert(1)">`,
    { title: 't' },
  ],
  'no description that repeats the title': ['<title>same</title><meta name="description" content="same">', { title: 'same' }],
  'no empty values': ['<title> </title><meta property="og:title" content="  "><meta name="twitter:title" content="t">', { title: 't' }],
  'keys of the prototype as ordinary names': [
    '<meta property="__proto__" content="x"><meta name="constructor"><title>t</title>',
    { title: 't' },
  ],
};

for (const [what, [html, expected]] of Object.entries(cases)) {
  test(`takes ${what}`, () => assert.deepEqual(parsePage(html, at), expected));
}

test('cuts long texts between letters', () => {
  const { title = '', description = '' } = parsePage(
    `<title>${'😀'.repeat(900)}</title><meta name="description" content="${'x'.repeat(100_000)}">`,
    at,
  );
  assert.deepEqual([[...title].length, [...description].length], [200, 300]);
  assert.ok(title.isWellFormed() && title.endsWith('😀…'));
});

test('never throws and takes no time that grows faster than the page, whatever the page is', () => {
  const startMs = performance.now();
  const parts = [
    '<',
    '<title>',
    '<meta property="og:title" content="',
    '</',
    '<!--',
    '&',
    '&#x',
    '<svg><title>',
    '<meta ',
    '"',
    "'",
    '<![CDATA[',
    '\u0000',
    '<a b=c ',
    '<x><y>',
    '</x>',
  ];
  for (const part of parts) parsePage(part.repeat(Math.ceil(524_288 / part.length)), at);
  for (let seed = 1; seed <= 300; seed += 1) {
    let state = seed;
    const next = (n: number) => (state = (state * 48_271) % 2_147_483_647) % n;
    const html = Array.from({ length: 200 }, () => parts[next(parts.length)]! + String.fromCharCode(next(300))).join('');
    const info = parsePage(html, at);
    for (const text of Object.values(info) as string[]) assert.ok(text.length <= 4_100 && text.isWellFormed());
  }
  // Under 1 s on a quiet machine.
  assert.ok(performance.now() - startMs < 60_000);
});

const bytes = (text: string) => Buffer.from(text, 'latin1');
const encodings: Record<string, [Uint8Array, string | undefined, string]> = {
  'by the header': [bytes('\xe4'), 'text/html; charset=ISO-8859-1', 'ä'],
  'by the header, whatever the page says': [bytes('<meta charset=utf-8>\xe4'), 'text/html;charset="windows-1252"', '<meta charset=utf-8>ä'],
  'by its meta element': [bytes("<meta charset='koi8-r'>\xf0"), 'text/html', "<meta charset='koi8-r'>П"],
  'by the older meta element': [
    bytes('<meta http-equiv=Content-Type content="text/html; charset=Shift_JIS">\x83\x65'),
    undefined,
    '<meta http-equiv=Content-Type content="text/html; charset=Shift_JIS">テ',
  ],
  'by its byte order mark': [Buffer.from('\ufeffä', 'utf16le'), 'text/html; charset=utf-8', 'ä'],
  'as UTF-8 when nothing is said': [Buffer.from('ä€'), undefined, 'ä€'],
  'as windows-1252 when it is no UTF-8': [bytes('\xe4\x80!'), undefined, 'ä€!'],
  'as what it is when the name is nonsense': [Buffer.from('ä'), 'text/html; charset=klingon', 'ä'],
  'as UTF-8 when it says UTF-16 in plain letters': [Buffer.from('<meta charset=utf-16>ä'), undefined, '<meta charset=utf-16>ä'],
  'when it was cut in the middle of a letter': [Buffer.from('ä€').subarray(0, 4), undefined, 'ä'],
};

for (const [what, [body, type, expected]] of Object.entries(encodings)) {
  test(`reads a page ${what}`, () => assert.equal(decodePage(body, type), expected));
}
