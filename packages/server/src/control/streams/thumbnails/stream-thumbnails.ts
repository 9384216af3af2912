import { createHash } from 'node:crypto';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../../api/actor.ts';
import { ApiReply } from '../../../api/route-handler.ts';
import type { Database } from '../../../db/database.ts';
import type { ControlEvents } from '../../control-events.ts';
import { changeStream } from '../repository.ts';
import { requireOwner } from '../service.ts';
import { seeStream } from '../stream-access.ts';
import { factsOf } from '../stream-row.ts';
import type { PictureMaker } from './picture-maker.ts';
import { deleteThumbnail, readThumbnail, writeThumbnail } from './repository.ts';

/** Uploaded pictures of streams: made anew, kept in the database under the stream's own rules, served with an address for each version. */
export class StreamThumbnails {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #maker: PictureMaker;

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    readonly maker: PictureMaker;
  }) {
    this.#database = options.database;
    this.#events = options.events;
    this.#maker = options.maker;
  }

  /** Takes an owner's picture. Rejects as `PictureMaker.make` does. */
  async put(actor: Actor, streamId: string, upload: Uint8Array): Promise<{ readonly thumbnailUrl: string }> {
    // First, so that nobody else's picture costs a process.
    await this.#database.asUser(actor, async (tx) =>
      requireOwner(await seeStream(tx, streamId), 'change the picture of'),
    );
    const bytes = await this.#maker.make(upload);
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const thumbnailUrl = `/api/streams/${streamId}/thumbnail?v=${etag}`;
    await this.#database.asUser(actor, async (tx) => {
      requireOwner(await seeStream(tx, streamId), 'change the picture of');
      await writeThumbnail(tx, streamId, { mime: 'image/jpeg', bytes, etag });
      await changeStream(tx, streamId, { thumbnailUrl });
    });
    this.#events.emit('stream-updated', { streamId, changes: { thumbnailUrl } });
    return { thumbnailUrl };
  }

  /** Removes an owner's picture; nothing where there is none. */
  async remove(actor: Actor, streamId: string): Promise<void> {
    await this.#database.asUser(actor, async (tx) => {
      requireOwner(await seeStream(tx, streamId), 'change the picture of');
      await deleteThumbnail(tx, streamId);
      await changeStream(tx, streamId, { thumbnailUrl: null });
    });
    this.#events.emit('stream-updated', { streamId, changes: { thumbnailUrl: '' } });
  }

  /** The picture, for who may see the stream. Rejects with STREAM_NOT_FOUND or NOT_FOUND. */
  async answer(
    actor: Actor,
    streamId: string,
    asked: { readonly version: string | undefined; readonly knownEtag: string | undefined },
  ): Promise<ApiReply> {
    const { picture, isPrivate } = await this.#database.asUser(actor, async (tx) => ({
      isPrivate: factsOf(await seeStream(tx, streamId)).visibility === 'private',
      picture: await readThumbnail(tx, streamId),
    }));
    if (picture === undefined) throw liveError('NOT_FOUND', `stream ${streamId} has no picture`);
    const etag = `"${picture.etag}"`;
    const isVersioned = asked.version === picture.etag;
    const headers = {
      'Content-Type': picture.mime,
      ETag: etag,
      'Cache-Control': cacheControl(isPrivate, isVersioned),
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Cross-Origin-Resource-Policy': isPrivate ? 'same-origin' : 'cross-origin',
    };
    if (asked.knownEtag === etag) return new ApiReply('', { headers, status: 304 });
    return new ApiReply(picture.bytes, { headers });
  }
}

/** A version's bytes never change; what is private is kept by nobody, and what is public for a day: it may become private. */
function cacheControl(isPrivate: boolean, isVersioned: boolean): string {
  if (isPrivate) return 'private, no-store';
  return isVersioned ? 'public, max-age=86400, immutable' : 'public, max-age=60';
}
