import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { type Authority, createAuthority } from '@chatcluster/tools/kubernetes/certificate';
import { eventually } from '@chatcluster/tools/testing';
import { applyObject, type Kubernetes } from './_kubernetes.ts';
import { chat } from './_people.ts';

const SECRET = 'chat-tls';
const patience = { deadlineMs: 120_000, intervalMs: 200 };

/** A new certificate for the host, in the Secret; its fingerprint. */
async function putCertificate(kubernetes: Kubernetes, authority: Authority): Promise<string> {
  const { cert, key } = authority.issue({ commonName: 'localhost', usage: 'server', dnsNames: ['localhost'] });
  await applyObject(kubernetes, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': cert, 'tls.key': key },
  });
  return new X509Certificate(cert).fingerprint256;
}

/** Of the certificate that the way in shows. */
function shownFingerprint(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port), servername: hostname });
  socket.once('secureConnect', () => resolve(socket.getPeerCertificate().fingerprint256)).once('error', reject);
  return promise.finally(() => socket.destroy());
}

const answers = (url: string) =>
  eventually(async () => (await fetch(url).catch(() => undefined))?.ok, { ...patience, message: `${url} does not answer` });

/** Every way in but the one that the others use: an HTTPRoute, and TLS through both kinds of route. They end with an Ingress with TLS. */
export function routeTests(given: () => Kubernetes): void {
  const authority = createAuthority('tests');

  test('is reached through an HTTPRoute as well, also over TLS with the certificate of a Secret', async () => {
    const kubernetes = given();
    const { frontUrl, secureUrl } = kubernetes;
    setDefaultCACertificates([...getCACertificates('default'), authority.cert]);
    await putCertificate(kubernetes, authority);
    const plain = { name: 'web', protocol: 'HTTP', port: Number(new URL(frontUrl).port) };
    const secure = secureUrl && {
      name: 'websecure',
      protocol: 'HTTPS',
      port: Number(new URL(secureUrl).port),
      tls: { mode: 'Terminate', certificateRefs: [{ name: SECRET }] },
    };
    await applyObject(kubernetes, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'chat' },
      spec: { gatewayClassName: 'traefik', listeners: [plain, ...(secure ? [secure] : [])] },
    });
    await kubernetes.edit({ access: { ingress: null, gateway: { parentRefs: [{ name: 'chat' }] }, host: 'localhost' } });
    await kubernetes.untilReady();
    for (const url of [frontUrl, ...(secureUrl ? [secureUrl] : [])]) {
      await answers(url);
      await chat(url);
    }
  });

  test('is reached through an Ingress over TLS, and a renewed certificate is taken up', async (context) => {
    const kubernetes = given();
    const { frontUrl, secureUrl } = kubernetes;
    await kubernetes.edit({ access: { gateway: null, ingress: { className: 'traefik', tlsSecretName: SECRET } } });
    const { status } = await kubernetes.untilReady();
    assert.equal(status.url, 'https://localhost');
    await answers(frontUrl);
    if (!secureUrl) return context.skip('where this cluster answers over TLS is not known');
    await answers(secureUrl);
    await chat(secureUrl);
    const renewed = await putCertificate(kubernetes, authority);
    await eventually(async () => (await shownFingerprint(secureUrl)) === renewed, {
      ...patience,
      message: 'the old certificate is still shown',
    });
    await chat(secureUrl);
  });
}
