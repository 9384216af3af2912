import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../platform/logger.ts';
import type { PublishAuthorizer, PublishDecision, PublishRequest } from '../stream/publisher.ts';
import { isErrno, readFileIfThere, replaceFile } from './atomic-file.ts';
import { withFileLock } from './file-lock.ts';
import { KeyFileError } from './key-file-error.ts';
import { type KeyRecord, readKeyRecords, writeKeyRecords } from './key-record.ts';
import { KeySealer } from './key-sealer.ts';
import { readMasterKey } from './master-key.ts';
import { isStreamName } from './stream-name.ts';

/** A stream key as one may list it: without the key itself. */
export type KeySummary = Pick<KeyRecord, 'id' | 'streamId' | 'createdAt'>;

/** How often the running server looks whether another process changed the file. */
const watchIntervalMs = 500;

/** Fingerprint of a file that is not there. */
const absent = 'absent';

/** Longest stream key that is worth a hash. */
const maxStreamKeyLength = 256;

/**
 * Stream keys in `keys.json`, readable by the owner only. The command line changes the file, the running server watches it: a key added
 * works at once, a key revoked is reported within a second. The control plane will take its place behind the same port.
 */
export class KeyFile implements PublishAuthorizer {
  readonly #path: string;
  readonly #sealer: KeySealer;
  readonly #log: Logger;
  readonly #revokedListeners = new Set<(keyId: string) => void>();
  #byLookup = new Map<string, KeyRecord>();
  #fingerprint = '';
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, sealer: KeySealer, log: Logger) {
    this.#path = path;
    this.#sealer = sealer;
    this.#log = log;
  }

  /**
   * Opens the key file of a folder, and makes folder and master key when there are none.
   * @param options.masterKey 32 bytes in base64; without it the key lies in `master.key` beside the file.
   * Throws `KeyFileError` when a file there is damaged.
   */
  static async open(options: {
    directory: string;
    masterKey?: string | undefined;
    log: Logger;
  }): Promise<KeyFile> {
    const masterKey = await readMasterKey(options);
    const keys = new KeyFile(join(options.directory, 'keys.json'), new KeySealer(masterKey), options.log);
    await keys.#reload();
    return keys;
  }

  /** Answers the ingest's question. A changed file is read first, so that a new key works and a revoked one does not. */
  async authorize(request: PublishRequest): Promise<PublishDecision> {
    await this.#reloadIfChanged();
    const record =
      request.streamKey.length > maxStreamKeyLength
        ? undefined
        : this.#byLookup.get(this.#sealer.lookupName(request.streamKey));
    // The look-up compares keyed hashes, not keys: how long it takes tells nothing of a key.
    if (record === undefined) return { allowed: false, reason: 'unknown stream key' };
    return { allowed: true, streamId: record.streamId, keyId: record.id };
  }

  /** True until the first key is made: nobody has ever decided what keys there shall be. */
  get isNew(): boolean {
    return this.#fingerprint === absent;
  }

  /** Every key, oldest first. */
  async list(): Promise<readonly KeySummary[]> {
    await this.#reloadIfChanged();
    return [...this.#byLookup.values()].map(({ id, streamId, createdAt }) => ({ id, streamId, createdAt }));
  }

  /** The key itself, to be typed into an encoder. Throws `KeyFileError` when there is none of that id, or another master key sealed it. */
  reveal(keyId: string): string {
    const record = [...this.#byLookup.values()].find((each) => each.id === keyId);
    if (record === undefined) throw new KeyFileError(`there is no key ${keyId}`);
    try {
      return this.#sealer.open(record.sealed, contextOf(record));
    } catch (error) {
      throw new KeyFileError(
        `key ${keyId} was sealed with another master key, or ${this.#path} was changed by hand`,
        { cause: error },
      );
    }
  }

  /** Makes a key for a stream. Throws `KeyFileError` for a name that cannot be a stream's, or one that has a key already. */
  async add(streamId: string): Promise<{ readonly id: string; readonly streamKey: string }> {
    if (!isStreamName(streamId)) {
      throw new KeyFileError(
        `a stream name is 1 to 64 of a-z, 0-9 and hyphen, and ${JSON.stringify(streamId.slice(0, 80))} is not`,
      );
    }
    const streamKey = `live_${randomBytes(32).toString('base64url')}`;
    const id = `key_${randomBytes(6).toString('hex')}`;
    await this.#change((records) => {
      if (records.some((record) => record.streamId === streamId))
        throw new KeyFileError(`stream ${streamId} has a key already`);
      const record = {
        id,
        streamId,
        createdAt: new Date().toISOString(),
        lookup: this.#sealer.lookupName(streamKey),
      };
      return [...records, { ...record, sealed: this.#sealer.seal(streamKey, contextOf(record)) }];
    });
    return { id, streamKey };
  }

  /** Removes a key, by its id or its stream. Throws `KeyFileError` when there is none. */
  async revoke(idOrStreamId: string): Promise<KeySummary> {
    let gone: KeyRecord | undefined;
    await this.#change((records) => {
      gone = records.find((record) => record.id === idOrStreamId || record.streamId === idOrStreamId);
      if (gone === undefined)
        throw new KeyFileError(`there is no key ${JSON.stringify(idOrStreamId)}, by id or by stream`);
      return records.filter((record) => record !== gone);
    });
    if (gone === undefined) throw new KeyFileError(`there is no key ${JSON.stringify(idOrStreamId)}`);
    return gone;
  }

  /** Begins to look for changes made by other processes; ends with `close`. */
  watch(): void {
    this.#timer ??= setInterval(() => {
      this.#reloadIfChanged().catch((error: unknown) => {
        this.#log.error({ error }, 'the key file cannot be read; the keys known before still hold');
      });
    }, watchIntervalMs).unref();
  }

  /** Calls back with the id of each key that is revoked, by whatever process; returns how to stop listening. */
  onRevoked(listener: (keyId: string) => void): () => void {
    this.#revokedListeners.add(listener);
    return () => this.#revokedListeners.delete(listener);
  }

  /** Stops watching. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #change(edit: (records: readonly KeyRecord[]) => readonly KeyRecord[]): Promise<void> {
    await withFileLock(this.#path, async () => {
      const text = await readFileIfThere(this.#path);
      const records = text === undefined ? [] : readKeyRecords(text, this.#path);
      await replaceFile(this.#path, writeKeyRecords(edit(records)));
    });
    await this.#reload();
  }

  async #reloadIfChanged(): Promise<void> {
    if ((await fingerprintOf(this.#path)) !== this.#fingerprint) await this.#reload();
  }

  async #reload(): Promise<void> {
    const fingerprint = await fingerprintOf(this.#path);
    const text = await readFileIfThere(this.#path);
    const records = text === undefined ? [] : readKeyRecords(text, this.#path);
    const revoked = [...this.#byLookup.values()].filter(
      (old) => !records.some((record) => record.id === old.id),
    );
    this.#byLookup = new Map(records.map((record) => [record.lookup, record]));
    this.#fingerprint = fingerprint;
    for (const { id } of revoked) {
      for (const listener of this.#revokedListeners) listener(id);
    }
  }
}

/** What a sealed key is bound to, so that it cannot be moved to another stream's record. */
function contextOf(record: { readonly id: string; readonly streamId: string }): string {
  return `v1 ${record.id} ${record.streamId}`;
}

/** Changes whenever the file is replaced: every write of ours makes a new inode. */
async function fingerprintOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return absent;
    throw error;
  }
}
