import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { TlsIdentity } from './tls-identity.ts';

const DAY_MS = 86_400_000;
/** Browsers refuse longer-lived ones. */
const LIFETIME_DAYS = 365;
const RENEW_BEFORE_DAYS = 14;

/**
 * A certificate for localhost and this host's name that no authority vouches for, for trying HTTPS out. Kept in
 * `directory`, so that a browser's exception outlives a restart; made anew two weeks before it expires.
 */
export async function selfSignedIdentity(directory: string, nowMs: number): Promise<TlsIdentity> {
  const path = join(directory, 'self-signed.pem');
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  const known = kept === undefined ? undefined : split(kept);
  if (known !== undefined && isFresh(known, nowMs)) return known;
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + LIFETIME_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: hostname() },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  await mkdir(directory, { recursive: true });
  // Both in one file, put in place at once: a crash between two files would leave a pair that does not match.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${made.private.trim()}\n${made.cert.trim()}\n`, { mode: 0o600 });
  await rename(draft, path);
  return { key: made.private, cert: made.cert };
}

function split(pem: string): TlsIdentity | undefined {
  const at = pem.indexOf('-----BEGIN CERTIFICATE-----');
  return at <= 0 ? undefined : { key: pem.slice(0, at), cert: pem.slice(at) };
}

function isFresh(identity: TlsIdentity, nowMs: number): boolean {
  try {
    return Date.parse(new X509Certificate(identity.cert).validTo) > nowMs + RENEW_BEFORE_DAYS * DAY_MS;
  } catch {
    return false;
  }
}
