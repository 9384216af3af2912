import { AmfFormatError, type AmfLimits } from '@tallylight/media/amf/amf-value.ts';
import { readAmf0 } from '@tallylight/media/amf/amf0-reader.ts';
import type { Logger } from '../../platform/logger.ts';
import { amf0Part, showName } from '../../rtmp/command.ts';
import { MESSAGE_TYPE, type RtmpMessage } from '../../rtmp/rtmp-message.ts';
import type { PublisherSink } from '../../stream/publisher.ts';
import { splitAggregate } from './aggregate.ts';
import { MediaAdapter, type MediaCounts } from './media-adapter.ts';
import { CorruptMediaError } from './media-error.ts';
import { readMetadata } from './metadata.ts';

/** Takes the media and data messages of one publisher. Throws only UnservableMediaError. */
export class PublisherFeed {
  readonly #media: MediaAdapter;
  readonly #log: Logger;
  readonly #amfLimits: AmfLimits;
  #encoder: string | undefined;

  constructor(sink: PublisherSink, log: Logger, amfLimits: AmfLimits) {
    this.#media = new MediaAdapter(sink, log);
    this.#log = log;
    this.#amfLimits = amfLimits;
  }

  /** What it took so far. */
  get counts(): MediaCounts {
    return this.#media.counts;
  }

  /** Takes an audio, video, data or aggregate message; other types are left alone. */
  take(message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.video:
        this.#media.video(message.timestampMs, message.payload);
        return;
      case MESSAGE_TYPE.audio:
        this.#media.audio(message.timestampMs, message.payload);
        return;
      case MESSAGE_TYPE.dataAmf0:
      case MESSAGE_TYPE.dataAmf3:
        this.#values(message);
        return;
      case MESSAGE_TYPE.aggregate:
        this.#aggregate(message);
        return;
      default:
    }
  }

  #aggregate(message: RtmpMessage): void {
    try {
      splitAggregate(message, (part) => this.take(part));
    } catch (error) {
      if (!(error instanceof CorruptMediaError)) throw error;
      this.#media.drop('aggregate', error.message);
    }
  }

  #values(message: RtmpMessage): void {
    try {
      const metadata = readMetadata(readAmf0(amf0Part(message, MESSAGE_TYPE.dataAmf3), this.#amfLimits));
      if (metadata === undefined) return;
      // GStreamer repeats its metadata again and again: the first tells enough.
      if (metadata.encoder !== undefined && this.#encoder === undefined) {
        this.#encoder = metadata.encoder;
        this.#log.info({ encoder: showName(metadata.encoder) }, 'publisher described itself');
      }
      this.#media.metadata(metadata);
    } catch (error) {
      if (!(error instanceof AmfFormatError)) throw error;
      this.#media.drop('metadata', error.message);
    }
  }
}
