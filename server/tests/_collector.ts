import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string; spanId: string }[];
  podId: string;
}

interface OtlpSpan extends Omit<CollectedSpan, 'podId'> {
  attributes?: unknown[];
}
interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

/** Stands for an OpenTelemetry collector: keeps every span that is sent to it, and everything that was said. */
export interface Collector extends AsyncDisposable {
  url: string;
  spans: CollectedSpan[];
  /** The requests as they came. */
  texts: string[];
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function spansOf(text: string): CollectedSpan[] {
  return (JSON.parse(text) as OtlpRequest).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const podId = resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, podId })));
  });
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    // A pod that is stopped may break off in the middle.
    const wasRead = read(request).catch(() => undefined);
    void wasRead.then((text) => {
      if (text === undefined) return response.destroy();
      texts.push(text);
      spans.push(...spansOf(text));
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    texts,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
