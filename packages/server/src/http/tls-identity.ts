import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../platform/logger.ts';

/** A certificate chain and its private key, in PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Where the PEM files are. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Reads and checks a certificate and its key. Throws, naming the files, when they cannot be used together. */
export function loadTlsIdentity(files: TlsFiles): TlsIdentity {
  const identity = { cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw new Error(`certificate ${files.certFile} and key ${files.keyFile} cannot be used`, {
      cause: error,
    });
  }
  return identity;
}

/**
 * Watches PEM files (by polling, because renewals often swap links) and hands over each new identity that can be used; one
 * that cannot is logged, and the old one stays. Returns the way to stop.
 */
export function watchTlsFiles(
  files: TlsFiles,
  intervalMs: number,
  log: Logger,
  onChange: (identity: TlsIdentity) => void,
): () => void {
  const reload = (): void => {
    try {
      const identity = loadTlsIdentity(files);
      log.info({ certFile: files.certFile }, 'certificate reloaded');
      onChange(identity);
    } catch (error) {
      log.warn({ err: error }, 'changed certificate cannot be used, the old one stays');
    }
  };
  const paths = [files.certFile, files.keyFile];
  for (const path of paths) watchFile(path, { interval: intervalMs, persistent: false }, reload);
  return () => {
    for (const path of paths) unwatchFile(path, reload);
  };
}
