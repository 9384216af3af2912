import { AmfFormatError } from '@tallylight/media/amf/amf-value.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  commandMessage,
  type RtmpCommand,
  readCommand,
  showName,
  statusMessage,
} from '../../rtmp/command.ts';
import { MESSAGE_TYPE, type RtmpMessage } from '../../rtmp/rtmp-message.ts';
import { RtmpProtocolError } from '../../rtmp/rtmp-protocol-error.ts';
import {
  type PublishDecision,
  type PublisherEnd,
  type PublisherSink,
  StreamBusyError,
} from '../../stream/publisher.ts';
import { limitsOf } from '../../stream/stream-limits.ts';
import { connectRefusal, connectReply } from './connect-reply.ts';
import { readConnect, readPublish } from './connect-request.ts';
import { UnservableMediaError } from './media-error.ts';
import { PublisherFeed } from './publisher-feed.ts';
import type { SessionLink, SessionServices } from './session-link.ts';

/** Where a session stands. */
export type SessionState = 'new' | 'connected' | 'authorising' | 'publishing' | 'closed';

const COMMAND_CHUNK_STREAM = 3;
const STATUS_CHUNK_STREAM = 5;
const PARTING_WORDS: { readonly [reason in PublisherEnd]?: string } = {
  'taken-over': 'another encoder took over this stream',
  revoked: 'this stream key was revoked',
  'server-stopping': 'the server is stopping, please reconnect',
};
const NO_PLAY = 'this server takes streams over RTMP; to watch, open the watch page or its HLS playlist';

/**
 * One peer's dialogue above the chunks: commands, then the media of one publisher at a time. `handle` throws what
 * `isPeerFault` knows; the connection closes on each.
 */
export class Session {
  readonly #link: SessionLink;
  readonly #services: SessionServices;
  readonly #log: Logger;
  #state: SessionState = 'new';
  #app = '';
  #netStreams = 0;
  #publishingOn = 0;
  #publisher:
    | { readonly sink: PublisherSink; readonly feed: PublisherFeed; readonly log: Logger }
    | undefined;

  constructor(link: SessionLink, services: SessionServices) {
    this.#link = link;
    this.#services = services;
    this.#log = services.log;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Takes one message other than protocol control. */
  handle(message: RtmpMessage): void {
    if (message.type === MESSAGE_TYPE.commandAmf0 || message.type === MESSAGE_TYPE.commandAmf3) {
      if (this.#state === 'closed') return;
      this.#command(readCommand(message, this.#services.limits.amf), message.streamId);
    } else {
      // Media without an accepted key, shared objects and unknown types: nobody needs an answer.
      this.#publisher?.feed.take(message);
    }
  }

  /** Refuses the peer with words that its encoder shows, logs once and closes. Idempotent. */
  refuse(code: string, description: string): void {
    if (this.#state === 'closed') return;
    this.#log.warn({ code, reason: description }, 'refused publisher');
    this.#bye(code, description, 'protocol-error');
  }

  /** Tells a publisher why it must go, and closes. For takeover, revocation and the end of the server. Idempotent. */
  evict(reason: PublisherEnd): void {
    if (this.#state === 'closed') return;
    this.#bye('NetStream.Publish.Denied', PARTING_WORDS[reason] ?? reason, reason);
  }

  /** The connection is gone: ends the publisher. Idempotent. */
  close(reason: PublisherEnd): void {
    this.#state = 'closed';
    this.#end(reason);
  }

  #bye(code: string, description: string, reason: PublisherEnd): void {
    this.close(reason);
    this.#link.send(STATUS_CHUNK_STREAM, statusMessage(this.#publishingOn, 'error', code, description));
    this.#link.closeGently();
  }

  #command(command: RtmpCommand, streamId: number): void {
    if (this.#state === 'new') {
      if (command.name !== 'connect')
        throw new RtmpProtocolError(`command ${showName(command.name)} before connect`);
      this.#connect(command);
      return;
    }
    switch (command.name) {
      case 'createStream':
        this.#createStream(command);
        return;
      case 'publish':
        this.#publish(command, streamId);
        return;
      case 'FCUnpublish':
      case 'closeStream':
      case 'deleteStream':
        this.#unpublish();
        return;
      case 'play':
      case 'play2':
        this.#publishingOn = streamId;
        this.refuse('NetStream.Play.Failed', NO_PLAY);
        return;
      case 'getStreamLength':
        this.#answer(command, 0);
        return;
      case 'connect':
        throw new RtmpProtocolError('second connect');
      case 'releaseStream':
      case 'FCPublish':
      case '_checkbw':
        this.#answer(command, undefined);
        return;
      case 'onStatus':
      case '_result':
      case '_error':
        return;
      default:
        this.#answerUnknown(command);
    }
  }

  #connect(command: RtmpCommand): void {
    const request = readConnect(command, this.#services.apps, this.#services.limits);
    if (request.accepted) {
      this.#app = request.app;
      this.#state = 'connected';
      this.#link.beginConnection();
      this.#link.send(COMMAND_CHUNK_STREAM, connectReply(command.transactionId, request.object));
      return;
    }
    const { code, description } = request;
    this.#log.warn({ code, reason: description }, 'refused connection');
    this.#state = 'closed';
    this.#link.send(COMMAND_CHUNK_STREAM, connectRefusal(command.transactionId, code, description));
    this.#link.closeGently();
  }

  #createStream(command: RtmpCommand): void {
    const { maxNetStreams } = this.#services.limits;
    if (this.#netStreams >= maxNetStreams)
      throw new RtmpProtocolError(`more than ${maxNetStreams} net streams`);
    this.#netStreams++;
    this.#answer(command, this.#netStreams);
  }

  #publish(command: RtmpCommand, streamId: number): void {
    if (this.#state !== 'connected') throw new RtmpProtocolError(`publish while ${this.#state}`);
    this.#publishingOn = streamId;
    const request = readPublish(command, this.#services.limits);
    if (!request.accepted) {
      this.refuse(request.code, request.description);
      return;
    }
    const pauseMs = this.#services.keyFailures.pauseLeftMs(this.#link.limitKey, this.#link.monotonicMs());
    if (pauseMs > 0) {
      const minutes = Math.ceil(pauseMs / 60_000);
      const description = `too many wrong stream keys from this address: try again in ${minutes} min`;
      this.refuse('NetStream.Publish.Denied', description);
      return;
    }
    this.#state = 'authorising';
    this.#link.pause();
    void this.#authorise(request.streamKey);
  }

  /** Never rejects: whatever goes wrong is this session's end and nobody else's. */
  async #authorise(streamKey: string): Promise<void> {
    try {
      const { protocol, peer } = this.#link;
      const request = { protocol, app: this.#app, streamKey, peer };
      const decision = await this.#services.authorizer.authorize(request);
      // The peer may have gone meanwhile.
      if (this.#state !== 'authorising') return;
      if (decision.allowed) {
        this.#attach(decision);
      } else {
        if (decision.isGuess !== false) {
          this.#services.keyFailures.count(this.#link.limitKey, this.#link.monotonicMs());
        }
        this.refuse('NetStream.Publish.Denied', decision.reason);
      }
    } catch (error) {
      if (error instanceof StreamBusyError) {
        this.refuse('NetStream.Publish.BadName', 'another encoder is live on this stream key');
      } else {
        this.#log.error({ error }, 'could not check the stream key or open its stream');
        this.refuse('NetStream.Publish.Failed', 'the server could not open the stream, try again');
      }
    }
  }

  #attach(decision: Extract<PublishDecision, { allowed: true }>): void {
    const { streamId, keyId, reconnectWindowMs, maxBitrateBps } = decision;
    const sink = this.#services.target.publish({
      streamId,
      keyId,
      ...(reconnectWindowMs === undefined ? {} : { reconnectWindowMs }),
      ...limitsOf(decision),
      protocol: this.#link.protocol,
      peer: this.#link.peer,
      silentForMs: () => this.#link.silentForMs(),
      evict: (reason) => this.evict(reason),
    });
    const log = this.#log.child({ streamId });
    this.#publisher = { sink, log, feed: new PublisherFeed(sink, log, this.#services.limits.amf) };
    this.#state = 'publishing';
    this.#link.authorised(maxBitrateBps);
    log.info({ app: this.#app }, 'publisher connected');
    const started = statusMessage(this.#publishingOn, 'status', 'NetStream.Publish.Start', 'publishing');
    this.#link.send(STATUS_CHUNK_STREAM, started);
    this.#link.resume();
  }

  #unpublish(): void {
    if (this.#state !== 'publishing') return;
    this.#state = 'connected';
    this.#end('unpublished');
    const stopped = statusMessage(this.#publishingOn, 'status', 'NetStream.Unpublish.Success', 'stopped');
    this.#link.send(STATUS_CHUNK_STREAM, stopped);
    this.#link.unpublished();
  }

  #end(reason: PublisherEnd): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    this.#publisher = undefined;
    publisher.log.info({ reason, ...publisher.feed.counts }, 'publisher left');
    publisher.sink.end(reason);
  }

  #answer(command: RtmpCommand, result: number | undefined): void {
    if (command.transactionId === 0) return;
    this.#link.send(COMMAND_CHUNK_STREAM, commandMessage(0, '_result', command.transactionId, null, result));
  }

  #answerUnknown(command: RtmpCommand): void {
    if (command.transactionId === 0) return;
    const description = `no command ${showName(command.name)} here`;
    const status = { level: 'error', code: 'NetConnection.Call.Failed', description };
    this.#link.send(COMMAND_CHUNK_STREAM, commandMessage(0, '_error', command.transactionId, null, status));
  }
}

/** True for what `Session.handle` throws on purpose. */
export function isPeerFault(
  error: unknown,
): error is RtmpProtocolError | AmfFormatError | UnservableMediaError {
  return (
    error instanceof RtmpProtocolError ||
    error instanceof AmfFormatError ||
    error instanceof UnservableMediaError
  );
}
