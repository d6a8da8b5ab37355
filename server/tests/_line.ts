import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The TCP connection under one Socket.IO client, to do to it what a network does. */
export class Line extends Agent {
  #tcp: Socket | undefined;

  override createConnection(options: ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): Duplex {
    const tcp = super.createConnection(options, callback) as Socket;
    this.#tcp = tcp;
    return tcp;
  }

  /** Nothing goes either way any more, and neither end is told: what both see when the road between them is gone. */
  silence(): void {
    this.#tcp?.cork();
    this.stopReading();
  }

  /** What is not read fills the buffers of both kernels, then the server's own. */
  stopReading(): void {
    const tcp = this.#tcp;
    if (!tcp) return;
    tcp.pause();
    // ws resumes by itself what it had paused a moment before, and would go on reading.
    tcp.resume = () => tcp;
  }

  readOn(): void {
    if (!this.#tcp) return;
    Reflect.deleteProperty(this.#tcp, 'resume');
    this.#tcp.resume();
  }

  /** The other end sees a reset at the latest now. */
  override destroy(): void {
    this.#tcp?.destroy();
    super.destroy();
  }
}
