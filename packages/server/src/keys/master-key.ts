import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileOnce, readFileIfThere } from './atomic-file.ts';
import { KeyFileError } from './key-file-error.ts';
import { masterKeyBytes } from './key-sealer.ts';

/**
 * The key that everything secret here is sealed with: what was given, else what lies in `master.key` of the folder; folder and file are made
 * when there are none. Throws `KeyFileError` for one of another length than 32 bytes.
 */
export async function readMasterKey(options: {
  readonly directory: string;
  /** 32 bytes in base64. */
  readonly masterKey?: string | undefined;
}): Promise<Uint8Array> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const encoded = options.masterKey ?? (await ownMasterKey(join(options.directory, 'master.key')));
  const masterKey = Buffer.from(encoded, 'base64');
  if (masterKey.length !== masterKeyBytes) {
    throw new KeyFileError(
      `the master key in ${options.directory} must be ${masterKeyBytes} bytes in base64, it has ${masterKey.length}`,
    );
  }
  return masterKey;
}

async function ownMasterKey(path: string): Promise<string> {
  const existing = await readFileIfThere(path);
  return existing ?? (await createFileOnce(path, `${randomBytes(masterKeyBytes).toString('base64')}\n`));
}
