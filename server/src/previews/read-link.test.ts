import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { createSafeFetch } from '../net/safe-fetch.ts';
import { bomb, content, endless, openSite, page, picture, redirect } from './_hostile-site.ts';
import { createReadLink, type ReadLink } from './read-link.ts';

/** 127.0.0.1 stands for the public internet, 127.0.0.2 for what is private. */
const safeFetch = createSafeFetch({ allowedNetworks: ['127.0.0.1'] });
const readLink = createReadLink({ safeFetch, userAgent: 'chatcluster test', hasPictures: true });
const read = (url: string) => readLink(url, new AbortController().signal);

const withImage = (src: string) => page(`<title>t</title><meta property="og:image" content="${src}">`);

function found(result: ReadLink) {
  assert.equal(result.kind, 'found');
  return result as Extract<ReadLink, { kind: 'found' }>;
}

test('reads texts and a picture, which is written anew', async () => {
  const image = await picture(1_600, 900);
  await using site = await openSite({
    '/': page('<title>Hello</title><meta name="description" content="World"><meta property="og:image" content="/i.png">'),
    '/i.png': content(image, 'image/png'),
  });
  const { texts, picture: card } = found(await read(`${site.url}/#part`));
  assert.deepEqual(texts, { url: `${site.url}/#part`, siteName: '127.0.0.1', title: 'Hello', description: 'World' });
  assert.deepEqual([card?.width, card?.height], [800, 450]);
  const { format, exif } = await sharp(card?.content).metadata();
  assert.deepEqual([format, exif], ['webp', undefined]);
  assert.ok(card?.preview.startsWith('data:image/webp;base64,'));
});

test('shows a link to a picture as that picture', async () => {
  await using site = await openSite({ '/cat.png': content(await picture(), 'image/png') });
  const { texts, picture: card } = found(await read(`${site.url}/cat.png`));
  assert.deepEqual(texts, { url: `${site.url}/cat.png`, siteName: '127.0.0.1' });
  assert.equal(card?.width, 640);
});

test('follows redirects, and names the host where it ended', async () => {
  await using end = await openSite({ '/end': page('<title>The end</title>') });
  await using site = await openSite({ '/': redirect('/next'), '/next': redirect(`${end.url}/end`) });
  assert.equal(found(await read(site.url)).texts.title, 'The end');
});

test('never asks a private address, by a link, a redirect or a picture', async () => {
  await using secret = await openSite({ '/': page('<title>secret</title>'), '/i.png': content(await picture(), 'image/png') }, '127.0.0.2');
  const inside = [
    secret.url,
    `http://[::ffff:127.0.0.2]:${secret.port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'file:///etc/passwd',
  ];
  await using site = await openSite({
    ...Object.fromEntries(inside.map((url, i) => [`/to/${i}`, redirect(url)])),
    '/page': withImage(`${secret.url}/i.png`),
    '/by': withImage('/away.png'),
    '/away.png': redirect(`${secret.url}/i.png`),
  });
  for (const url of inside) assert.deepEqual(await read(url), { kind: 'nothing', isLasting: true }, url);
  for (const i of inside.keys()) assert.deepEqual(await read(`${site.url}/to/${i}`), { kind: 'nothing', isLasting: true });
  for (const path of ['/page', '/by']) assert.equal(found(await read(site.url + path)).picture, undefined, path);
  assert.deepEqual(secret.seen, []);
});

test('is not led elsewhere by a name that answers differently the second time', async () => {
  await using secret = await openSite({ '/': page('<title>secret</title>') }, '127.0.0.2');
  await using site = await openSite({ '/': page('<title>public</title>') });
  let asked = 0;
  const rebinding = createSafeFetch({
    allowedNetworks: ['127.0.0.1'],
    resolve: (_host, _options, done) => done(null, [{ address: (asked += 1) % 2 === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]),
  });
  const by = createReadLink({ safeFetch: rebinding, userAgent: 'x', hasPictures: true });
  const signal = new AbortController().signal;
  assert.equal(found(await by(`http://rebinding.example:${site.port}/`, signal)).texts.title, 'public');
  assert.equal((await by(`http://rebinding.example:${secret.port}/`, signal)).kind, 'nothing');
  assert.deepEqual(secret.seen, []);
});

test('reads the beginning of what never ends or unpacks to anything', async () => {
  const head = '<title>Long</title><meta property="og:image" content="/i.png">';
  await using site = await openSite({
    '/endless': endless('text/html', head),
    '/bomb': bomb('text/html', head),
    '/i.png': endless('image/png', (await picture()).toString('latin1')),
    '/film': endless('video/mp4'),
  });
  for (const path of ['/endless', '/bomb']) {
    const { texts, picture: card } = found(await read(site.url + path));
    assert.deepEqual([texts.title, card], ['Long', undefined], path);
  }
  assert.deepEqual(await read(`${site.url}/film`), { kind: 'nothing', isLasting: true });
});

test('takes no picture that is none, too small, too large or a document with scripts', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><script>alert(1)</script></svg>';
  const huge = await sharp({ create: { width: 6_000, height: 6_000, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  const bad: Record<string, [Uint8Array | string, string]> = {
    'an SVG': [svg, 'image/svg+xml'],
    'an SVG that says it is a PNG': [svg, 'image/png'],
    'a page that says it is a PNG': ['<script>alert(1)</script>', 'image/png'],
    'half a picture': [(await picture()).subarray(0, 200), 'image/png'],
    'one that unpacks to 36 million pixels': [huge, 'image/png'],
    'a counting pixel': [await picture(1, 1), 'image/png'],
    nothing: ['', 'image/png'],
  };
  for (const [what, [body, type]] of Object.entries(bad)) {
    await using site = await openSite({ '/': withImage('/i'), '/i': content(body, type) });
    const { texts, picture: card } = found(await read(site.url));
    assert.deepEqual([texts.title, card], ['t', undefined], what);
    assert.equal((await read(`${site.url}/i`)).kind, 'nothing', what);
  }
});

test('remembers shortly what may be better soon, and longer what will not', async () => {
  await using site = await openSite({
    '/broken': (res) => res.writeHead(500).end(),
    '/busy': (res) => res.writeHead(429).end(),
    '/cut': (res) => res.destroy(),
    '/empty': page('<p>nothing said</p>'),
    '/file': content('x', 'application/octet-stream'),
    '/untyped': (res) => res.writeHead(200).end('<title>t</title>'),
    '/loop': redirect('/loop'),
  });
  for (const path of ['/broken', '/busy', '/cut', '/loop'])
    assert.deepEqual(await read(site.url + path), { kind: 'nothing', isLasting: false }, path);
  for (const path of ['/gone', '/empty', '/file', '/untyped'])
    assert.deepEqual(await read(site.url + path), { kind: 'nothing', isLasting: true }, path);
});

test('gives up on a site that says nothing, and at once when its pod stops', async () => {
  await using site = await openSite({ '/silent': () => undefined });
  const impatient = createReadLink({ safeFetch, userAgent: 'x', hasPictures: true, timeoutMs: 200 });
  assert.deepEqual(await impatient(`${site.url}/silent`, new AbortController().signal), { kind: 'nothing', isLasting: false });
  const stop = new AbortController();
  const reading = readLink(`${site.url}/silent`, stop.signal);
  const reason = new Error('stopping');
  stop.abort(reason);
  await assert.rejects(reading, reason);
});

test('leaves pictures alone where nothing could keep them', async () => {
  await using site = await openSite({ '/': withImage('/i.png'), '/i.png': content(await picture(), 'image/png') });
  const plain = createReadLink({ safeFetch, userAgent: 'x', hasPictures: false });
  assert.equal(found(await plain(site.url, new AbortController().signal)).picture, undefined);
  assert.deepEqual(site.seen, ['/']);
});
