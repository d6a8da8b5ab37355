import type { KubeObject } from '../runtime/object.ts';
import { hashOf } from './lean.ts';

/** What is kept of a Secret: that it is there, which keys it has, a hash, and the ports of URLs in it. Never its content. */
export interface SecretDigest extends KubeObject {
  keys: string[];
  digest: string;
  /** Key → ports of the servers that its URLs name; network policies must let them through. */
  ports: Record<string, number[]>;
}

const defaultPorts: Record<string, number> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'redis:': 6379,
  'rediss:': 6379,
  'smtp:': 587,
  'smtps:': 465,
};

export function digestSecret(object: KubeObject): SecretDigest {
  const { metadata } = object;
  const data = (object as KubeObject & { data?: Record<string, string> }).data ?? {};
  const ports = Object.entries(data).flatMap(([key, value]) => {
    const found = listPorts(Buffer.from(value, 'base64').toString('utf8'));
    return found.length > 0 ? [[key, found] as const] : [];
  });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: metadata.name,
      ...(metadata.namespace && { namespace: metadata.namespace }),
      ...(metadata.uid && { uid: metadata.uid }),
      ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
    },
    keys: Object.keys(data).sort(),
    digest: hashOf(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))),
    ports: Object.fromEntries(ports),
  };
}

function listPorts(text: string): number[] {
  const urls = text.split(',').map((part) => part.trim());
  const ports = urls.flatMap((url) => {
    if (!URL.canParse(url)) return [];
    const { protocol, port } = new URL(url);
    const fallback = defaultPorts[protocol];
    return fallback === undefined ? [] : [Number(port) || fallback];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}
