import type { Context } from './context.ts';

/** Where people open the chat; undefined without a host. */
export function publicUrl({ spec }: { spec: Context['cluster']['spec'] }): string | undefined {
  const { host, scheme, gateway, ingress } = spec.access;
  if (host === undefined) return undefined;
  return `${scheme ?? (gateway || ingress?.tlsSecretName ? 'https' : 'http')}://${host}`;
}
