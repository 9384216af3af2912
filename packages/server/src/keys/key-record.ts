import { KeyFileError } from './key-file-error.ts';
import type { SealedKey } from './key-sealer.ts';
import { isStreamName } from './stream-name.ts';

/** One stream key as it lies in the file. */
export interface KeyRecord {
  /** Stable public name of the key, such as `key_3f9a0c12`. */
  readonly id: string;
  /** The stream it publishes to. */
  readonly streamId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** HMAC of the key, for look-up. */
  readonly lookup: string;
  readonly sealed: SealedKey;
}

/** Version of the file's format. */
const version = 1;

/** Writes the whole file. */
export function writeKeyRecords(records: readonly KeyRecord[]): string {
  return `${JSON.stringify({ version, keys: records }, null, 2)}\n`;
}

/** Reads the whole file; throws `KeyFileError` naming `path` when it is not what we write. */
export function readKeyRecords(text: string, path: string): readonly KeyRecord[] {
  const content = parse(text, path);
  if (!isRecord(content) || content['version'] !== version || !Array.isArray(content['keys'])) {
    throw new KeyFileError(`${path} is not a key file of version ${version}`);
  }
  return content['keys'].map((entry: unknown, index) => {
    if (!isKeyRecord(entry)) throw new KeyFileError(`${path}: key ${index + 1} is damaged`);
    return entry;
  });
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KeyFileError(`${path} is not JSON`, { cause: error });
  }
}

function isKeyRecord(entry: unknown): entry is KeyRecord {
  if (!isRecord(entry) || !isRecord(entry['sealed'])) return false;
  const { id, streamId, createdAt, lookup, sealed } = entry;
  const texts = [id, streamId, createdAt, lookup, sealed['nonce'], sealed['ciphertext'], sealed['tag']];
  return (
    texts.every((text) => typeof text === 'string') && typeof streamId === 'string' && isStreamName(streamId)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
