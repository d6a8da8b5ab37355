import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  /** PEM of a CA of our own. */
  ca: string;
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** A CA and a certificate for these names, in files of the folder; good for a day. */
export function makeCertificates(dir: string, names: string): Certificates {
  const [caFile, caKey, certFile, keyFile] = ['ca.crt', 'ca.key', 'server.crt', 'server.key'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', caKey, '-out', caFile, '-subj', '/CN=Private CA', '-days', '1');
  const request = join(dir, 'server.csr');
  openssl('req', ...key, '-keyout', keyFile, '-out', request, '-subj', '/CN=server');
  const extensions = join(dir, 'server.ext');
  writeFileSync(extensions, `subjectAltName=${names}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    '-CA',
    caFile,
    '-CAkey',
    caKey,
    '-CAcreateserial',
    '-out',
    certFile,
    '-extfile',
    extensions,
    '-days',
    '1',
  );
  return { ca: readFileSync(caFile, 'utf8'), caFile, certFile, keyFile };
}
