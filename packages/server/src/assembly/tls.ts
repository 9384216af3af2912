import type { Config } from '../config/config.ts';
import { selfSignedIdentity } from '../http/self-signed.ts';
import type { HttpsOptions } from '../http/server.ts';
import { loadTlsIdentity, watchTlsFiles } from '../http/tls-identity.ts';
import type { RtmpServer } from '../ingest/rtmp/server.ts';
import { systemClock } from '../platform/clock.ts';
import type { ServerParts } from './server-parts.ts';

/** How often the certificate's files are looked at, in milliseconds. */
const CERTIFICATE_EVERY_MS = 5000;

/** How HTTPS is served; undefined where TLS is off. Throws what reading the certificate throws. */
export async function httpsOptions(config: Config): Promise<HttpsOptions | undefined> {
  const { tls, http, dataDir } = config;
  if (tls === undefined) return undefined;
  if (tls.source === 'self-signed') {
    return { port: http.tlsPort, identity: await selfSignedIdentity(dataDir, systemClock.now()) };
  }
  const files = { certFile: tls.certPath, keyFile: tls.keyPath };
  return { port: http.tlsPort, identity: loadTlsIdentity(files), files };
}

/** Opens RTMP's port under TLS, and follows a certificate that is renewed in its files. */
export async function listenRtmps(
  rtmp: RtmpServer,
  tls: HttpsOptions,
  parts: Pick<ServerParts, 'config' | 'lifecycle' | 'log'>,
): Promise<void> {
  const { config, lifecycle, log } = parts;
  rtmp.setTls(tls.identity);
  await rtmp.listenTls({ port: config.rtmp.tlsPort, host: config.rtmp.host });
  if (tls.files === undefined) return;
  const stop = watchTlsFiles(tls.files, CERTIFICATE_EVERY_MS, log, (identity) => rtmp.setTls(identity));
  lifecycle.own('rtmps certificate', { close: stop });
}
