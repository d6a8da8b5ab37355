import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openWebServer } from './_web-server.ts';
import { createSafeFetch, type SafeFetch, type SafeFetchFailure } from './safe-fetch.ts';

/** 127.0.0.1 stands for the public internet, 127.0.0.2 for what is private. */
const safeFetch = createSafeFetch({ allowedNetworks: ['127.0.0.1'] });

async function serve(handler: RequestListener, host?: string) {
  const seen: IncomingMessage[] = [];
  const server = await openWebServer((req, res) => {
    seen.push(req);
    handler(req, res);
  }, host);
  return Object.assign(server, { seen });
}

async function failure(work: Promise<unknown>, reason: SafeFetchFailure): Promise<void> {
  await assert.rejects(work, { name: 'SafeFetchError', reason });
}

test('gives status, headers, body and the final address', async () => {
  await using server = await serve((req, res) => {
    if (req.url === '/start') return res.writeHead(302, { location: '/end?a=1' }).end();
    res.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
  });
  const answer = await safeFetch(`${server.url}/start`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), 'hello');
  assert.equal(answer.truncated, false);
  assert.equal(answer.headers['content-type'], 'text/plain');
  assert.equal(answer.url, `${server.url}/end?a=1`);
});

test('sends a body by POST and follows no redirect of it', async () => {
  let body = '';
  await using server = await serve((req, res) => {
    req.on('data', (chunk) => (body += String(chunk)));
    req.on('end', () => res.writeHead(307, { location: '/elsewhere' }).end());
  });
  const answer = await safeFetch(server.url, { method: 'POST', body: '{"a":1}', headers: { 'x-signature': 's' } });
  assert.equal(answer.status, 307);
  assert.equal(body, '{"a":1}');
  assert.equal(server.seen.length, 1);
  assert.equal(server.seen[0]?.headers['x-signature'], 's');
});

test('private addresses are refused in every spelling, and nothing is sent to them', async () => {
  await using secret = await serve((_req, res) => res.end('secret'), '127.0.0.2');
  const hosts = [
    ...['127.0.0.2', '127.0.0.2.', '127.2', '0x7f000002', '0x7f.0.0.2', '2130706434', '017700000002', '0177.0.0.2', '127.0.0.0x2'],
    // Full-width digits and dots, and percent signs: the URL parser makes the same address of them.
    ...['１２７.0.0.2', '127。0。0。2', '%31%32%37.0.0.2', '169.254.169.254', '169.254.169.254.', '0', '0.0.0.0', '10.1', '100.64.0.1'],
    ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '[0:0:0:0:0:ffff:7f00:0002]', '[::127.0.0.2]'],
    ...['[fe80::1]', '[fc00::1]', '[fd00:ec2::254]', '[64:ff9b::127.0.0.2]', '[64:ff9b::7f00:2]', '[64:ff9b:1::7f00:2]'],
    ...['[2002:7f00:2::1]', '[2001:0:7f00:2::]', '[ff02::1]', '[2001:db8::1]', '[fec0::1]'],
  ];
  for (const host of hosts) {
    await failure(safeFetch(`http://${host}:${secret.port}/`), 'refused_address');
    await using server = await serve((_req, res) => res.writeHead(302, { location: encodeURI(`http://${host}:${secret.port}/`) }).end());
    await assert.rejects(safeFetch(server.url), { name: 'SafeFetchError', reason: /^refused_/ }, `redirected to ${host}`);
  }
  for (const name of ['localhost', 'localhost.', 'LOCALHOST', 'secret.localhost']) {
    await assert.rejects(safeFetch(`http://${name}:${secret.port}/`), { reason: /^(refused_address|unreachable)$/ }, name);
  }
  assert.equal(secret.seen.length, 0);
});

test('a name is judged by all that it resolves to', async () => {
  await using secret = await serve((_req, res) => res.end('secret'), '127.0.0.2');
  const strict = createSafeFetch({ allowedNetworks: [] });
  await failure(strict(`http://localhost:${secret.port}/`), 'refused_address');
  const mixed = createSafeFetch({
    allowedNetworks: ['127.0.0.1'],
    resolve: (_host, _options, done) =>
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]),
  });
  await failure(mixed(`http://mixed.example:${secret.port}/`), 'refused_address');
  assert.equal(secret.seen.length, 0);
});

test('the connection goes to the address that was judged, however the name answers later', async () => {
  await using secret = await serve((_req, res) => res.end('secret'), '127.0.0.2');
  await using open = await serve((_req, res) => res.end('public'));
  let asked = 0;
  const rebinding: SafeFetch = createSafeFetch({
    allowedNetworks: ['127.0.0.1'],
    resolve: (_host, _options, done) => done(null, [{ address: (asked += 1) === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]),
  });
  const answer = await rebinding(`http://rebinding.example:${open.port}/`);
  assert.equal(answer.body.toString(), 'public');
  assert.equal(asked, 1);
  assert.equal(open.seen[0]?.headers.host, `rebinding.example:${open.port}`);
  assert.equal(secret.seen.length, 0);
});

test('each redirect is judged anew', async () => {
  await using secret = await serve((_req, res) => res.end('secret'), '127.0.0.2');
  const targets = [
    `http://127.0.0.2:${secret.port}/`,
    'http://[::1]/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'http://user:pw@127.0.0.1/',
  ];
  for (const [i, location] of targets.entries()) {
    await using server = await serve((_req, res) => res.writeHead(301, { location }).end());
    await failure(safeFetch(server.url), i < 2 ? 'refused_address' : 'refused_url');
  }
  assert.equal(secret.seen.length, 0);
});

test('credentials stay with the origin they were meant for', async () => {
  await using other = await serve((_req, res) => res.end('other'));
  await using server = await serve((_req, res) => res.writeHead(302, { location: other.url }).end());
  await safeFetch(server.url, { headers: { Authorization: 'Bearer secret', 'x-plain': 'yes' } });
  assert.equal(other.seen[0]?.headers.authorization, undefined);
  assert.equal(other.seen[0]?.headers['x-plain'], 'yes');
});

test('endless redirects end', async () => {
  await using server = await serve((_req, res) => res.writeHead(302, { location: '/again' }).end());
  await failure(safeFetch(server.url, { maxRedirects: 2 }), 'too_many_redirects');
  assert.equal(server.seen.length, 3);
});

test('only http and https without credentials', async () => {
  const urls = ['ftp://example.org/', 'file:///etc/passwd', 'data:text/plain,a', 'javascript:alert(1)', 'nonsense', '', '//example.org/'];
  const named = ['http://user@example.org/', 'http://:password@example.org/', 'http://example.org@127.0.0.2/', 'http://[fe80::1%25eth0]/'];
  for (const url of [...urls, ...named, 'http://256.0.0.1/', 'http://1.2.3.4.5/', 'http://0x100000000/', 'http://[::1/']) {
    await failure(safeFetch(url), 'refused_url');
  }
});

test('reads no more than was asked for, even of what unpacks to more', async () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  await using server = await serve((req, res) => {
    if (req.url === '/bomb') return res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    res.writeHead(200);
    const more = () => {
      while (!res.destroyed && res.write(Buffer.alloc(16_384)));
    };
    res.on('drain', more);
    more();
  });
  for (const path of ['/endless', '/bomb']) {
    const answer = await safeFetch(server.url + path, { maxBytes: 10_000 });
    assert.equal(answer.body.length, 10_000, path);
    assert.equal(answer.truncated, true, path);
  }
});

test('decides by the headers how much to read', async () => {
  await using server = await serve((req, res) => {
    res.writeHead(200, { 'content-type': req.url === '/film' ? 'video/mp4' : 'text/html' });
    res.write(Buffer.alloc(5_000));
    if (req.url !== '/film') res.end();
  });
  const maxBytes = ({ headers }: { headers: { 'content-type'?: string } }) => (headers['content-type'] === 'text/html' ? 10_000 : 0);
  const film = await safeFetch(`${server.url}/film`, { maxBytes });
  assert.deepEqual([film.status, film.body.length, film.truncated], [200, 0, true]);
  assert.equal((await safeFetch(`${server.url}/page`, { maxBytes })).body.length, 5_000);
});

test('unpacks a packed answer', async () => {
  await using server = await serve((_req, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed')));
  const answer = await safeFetch(server.url);
  assert.equal(answer.body.toString(), 'packed');
  assert.equal(answer.truncated, false);
});

test('the time limit holds for a server that says nothing and for one that never ends', async () => {
  await using server = await serve((req, res) => {
    if (req.url === '/slow') res.writeHead(200).write('a');
  });
  for (const path of ['/silent', '/slow']) await failure(safeFetch(server.url + path, { timeoutMs: 200 }), 'timeout');
});

test('a name that never resolves is ended by the time limit too', async () => {
  const waiting = createSafeFetch({ allowedNetworks: [], resolve: () => undefined });
  await failure(waiting('http://never.example/', { timeoutMs: 200 }), 'timeout');
});

test('a broken connection and a name that does not exist are unreachable', async () => {
  await using server = await serve((req, res) => {
    if (req.url === '/half') res.writeHead(200, { 'content-length': '10' }).write('half', () => res.destroy());
    else req.socket.destroy();
  });
  for (const path of ['/cut', '/half']) await failure(safeFetch(server.url + path), 'unreachable');
  const unknown = createSafeFetch({ allowedNetworks: [], resolve: (_host, _options, done) => done(new Error('ENOTFOUND'), []) });
  await failure(unknown('http://unknown.example/'), 'unreachable');
});

test("the caller's signal ends it with its own reason", async () => {
  await using server = await serve(() => undefined);
  const stop = new AbortController();
  const fetched = safeFetch(server.url, { signal: stop.signal });
  const reason = new Error('shutting down');
  stop.abort(reason);
  await assert.rejects(fetched, reason);
});
