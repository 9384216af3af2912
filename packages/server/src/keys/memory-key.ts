import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { PublishAuthorizer, PublishDecision, PublishRequest } from '../stream/publisher.ts';

/** One stream key that lives and dies with the process: the test card's. It never reaches a disk, a log or a command line. */
export class MemoryKey implements PublishAuthorizer {
  readonly streamId: string;
  readonly streamKey = `live_${randomBytes(32).toString('base64url')}`;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  async authorize(request: PublishRequest): Promise<PublishDecision> {
    const given = Buffer.from(request.streamKey);
    const own = Buffer.from(this.streamKey);
    const equal = given.length === own.length && timingSafeEqual(given, own);
    if (!equal) return { allowed: false, reason: 'unknown stream key' };
    return { allowed: true, streamId: this.streamId, keyId: `memory_${this.streamId}` };
  }
}
