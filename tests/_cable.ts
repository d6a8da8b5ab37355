import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '@chatcluster/tools/process';

/** A line to a server that can be cut: what the page has of the network, and nobody else. */
export interface Cable extends AsyncDisposable {
  url: string;
  /** Ends every connection; new ones end at once. */
  cut(): void;
  mend(): void;
}

export async function startCable(target: string): Promise<Cable> {
  const { hostname, port } = new URL(target);
  const ends = new Set<Socket>();
  let isCut = false;
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
      end.pipe(other);
    }
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
    mend: () => {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((closed) => server.close(closed));
    },
  };
}
