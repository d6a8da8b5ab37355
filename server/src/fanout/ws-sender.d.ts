import 'ws';

declare module 'ws' {
  interface FrameOptions {
    readOnly: boolean;
    mask: boolean;
    rsv1: boolean;
    opcode: number;
    fin: boolean;
  }
  /** Exported by ws at run time; its type package leaves it out. */
  class Sender {
    static frame(data: Buffer, options: FrameOptions): Buffer[];
  }
}
