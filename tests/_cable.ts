import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { freePort } from '@chatcluster/tools/process';

/** A line to a server that can be cut: what the page has of the network, and nobody else. */
export interface Cable extends AsyncDisposable {
  url: string;
  /** Ends every connection; new ones end at once. */
  cut(): void;
  mend(): void;
  /** From now on so many bytes go towards the server, over all connections; what is more waits until this is called again. */
  allow(bytes: number): void;
}

/** Holds back what is above the allowance: whoever sends sees a slow line. */
function createGate() {
  let left = Number.POSITIVE_INFINITY;
  const waiting: (() => void)[] = [];
  const pass = (go: () => void, bytes: number) => {
    if (left <= 0) return void waiting.push(() => pass(go, bytes));
    left -= bytes;
    go();
  };
  return {
    allow(bytes: number): void {
      left = bytes;
      for (const retry of waiting.splice(0)) retry();
    },
    stream: () =>
      new Transform({
        transform: (chunk: Buffer, _encoding, done) => pass(() => done(null, chunk), chunk.length),
      }),
  };
}

export async function startCable(target: string): Promise<Cable> {
  const { hostname, port } = new URL(target);
  const ends = new Set<Socket>();
  let isCut = false;
  const gate = createGate();
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      // One end's failure is the other's end; the page sees a lost connection, as it should.
      end.on('error', () => other.destroy());
      end.on('close', () => {
        ends.delete(end);
        other.destroy();
      });
    }
    near.pipe(gate.stream()).pipe(far);
    far.pipe(near);
  });
  const cut = () => {
    isCut = true;
    for (const end of ends) end.destroy();
  };
  const own = await freePort();
  await new Promise<void>((ready) => server.listen(own, '127.0.0.1', ready));
  return {
    url: `http://localhost:${own}`,
    cut,
    allow: gate.allow,
    mend: () => {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((closed) => server.close(closed));
    },
  };
}
