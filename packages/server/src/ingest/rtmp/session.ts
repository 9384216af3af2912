import { AmfFormatError, isAmfObject } from '@tallylight/media/amf/amf-value.ts';
import { readAmf0 } from '@tallylight/media/amf/amf0-reader.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  type PublishAuthorizer,
  type PublishDecision,
  type PublisherEnd,
  type PublisherSink,
  type PublishTarget,
  StreamBusyError,
} from '../../stream/publisher.ts';
import { splitAggregate } from './aggregate.ts';
import {
  amf0Part,
  commandMessage,
  describeType,
  type RtmpCommand,
  readCommand,
  showName,
  statusMessage,
  stringMember,
} from './command.ts';
import { connectRefusal, connectReply } from './connect-reply.ts';
import type { KeyFailures } from './key-failures.ts';
import { MediaAdapter, type MediaCounts } from './media-adapter.ts';
import { CorruptMediaError, UnservableMediaError } from './media-error.ts';
import { readMetadata } from './metadata.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { MESSAGE_TYPE, type RtmpMessage } from './rtmp-message.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

/** What a session asks of the connection below it. */
export interface SessionLink {
  /** `address:port`, for logs. */
  readonly peer: string;
  /** What limits per address are counted by. */
  readonly limitKey: string;
  /** `rtmp` or `rtmps`. */
  readonly protocol: string;
  /** Milliseconds since the peer last sent a byte. */
  silentForMs(): number;
  monotonicMs(): number;
  send(chunkStreamId: number, message: RtmpMessage): void;
  /** Announces the handshake-independent settings of a connection: window sizes and chunk size. */
  beginConnection(): void;
  /** A command such as `publish` is being decided: nothing more is to be reported until `resume`. */
  pause(): void;
  resume(): void;
  /** The key was accepted: the limits of a publisher hold from now on. */
  authorised(): void;
  /** The publisher stopped: the time to publish again begins. */
  unpublished(): void;
  /** Sends what is to be sent, then closes. */
  closeGently(): void;
}

/** What all sessions of a server share. */
export interface SessionServices {
  readonly limits: RtmpLimits;
  readonly apps: readonly string[];
  readonly authorizer: PublishAuthorizer;
  readonly target: PublishTarget;
  readonly keyFailures: KeyFailures;
  readonly log: Logger;
}

/** Where a session stands. */
export type SessionState = 'new' | 'connected' | 'authorising' | 'publishing' | 'closed';

const COMMAND_CHUNK_STREAM = 3;
const STATUS_CHUNK_STREAM = 5;
const PARTING_WORDS: { readonly [reason in PublisherEnd]?: string } = {
  'taken-over': 'another encoder took over this stream',
  revoked: 'this stream key was revoked',
  'server-stopping': 'the server is stopping, please reconnect',
};

/**
 * One peer's dialogue above the chunks: commands, then the media of one publisher at a time. Throws RtmpProtocolError,
 * AmfFormatError and UnservableMediaError out of `handle`; the connection closes on each.
 */
export class Session {
  readonly #link: SessionLink;
  readonly #services: SessionServices;
  #log: Logger;
  #state: SessionState = 'new';
  #app = '';
  #netStreams = 0;
  #publishingOn = 0;
  #encoder: string | undefined;
  #sink: PublisherSink | undefined;
  #media: MediaAdapter | undefined;

  constructor(link: SessionLink, services: SessionServices) {
    this.#link = link;
    this.#services = services;
    this.#log = services.log;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** What the present or last publisher sent. */
  get counts(): MediaCounts {
    return this.#media?.counts ?? { videoUnits: 0, audioUnits: 0, droppedUnits: 0 };
  }

  /** Takes one message other than protocol control. */
  handle(message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.video:
        if (this.#state === 'publishing') this.#media?.video(message.timestampMs, message.payload);
        return;
      case MESSAGE_TYPE.audio:
        if (this.#state === 'publishing') this.#media?.audio(message.timestampMs, message.payload);
        return;
      case MESSAGE_TYPE.dataAmf0:
      case MESSAGE_TYPE.dataAmf3:
        if (this.#state === 'publishing') this.#values(message);
        return;
      case MESSAGE_TYPE.aggregate:
        if (this.#state === 'publishing') this.#aggregate(message);
        return;
      case MESSAGE_TYPE.commandAmf0:
      case MESSAGE_TYPE.commandAmf3:
        if (this.#state !== 'closed')
          this.#command(readCommand(message, this.#services.limits.amf), message.streamId);
        return;
      default:
      // Shared objects and unknown types: §6.1 leaves room for them, and nobody needs an answer.
    }
  }

  /** Refuses the peer with words that its encoder shows, logs once and closes. */
  refuse(code: string, description: string): void {
    if (this.#state === 'closed') return;
    this.#log.warn({ code, reason: description }, 'refused publisher');
    this.#end('protocol-error');
    this.#state = 'closed';
    this.#link.send(STATUS_CHUNK_STREAM, statusMessage(this.#publishingOn, 'error', code, description));
    this.#link.closeGently();
  }

  /** The connection is gone, or goes: ends the publisher. Idempotent. */
  close(reason: PublisherEnd): void {
    this.#end(reason);
    this.#state = 'closed';
  }

  /** Tells a publisher why it must go, and closes. Used for takeover, revocation and the end of the server. Idempotent. */
  evict(reason: PublisherEnd): void {
    if (this.#state === 'closed') return;
    const description = PARTING_WORDS[reason] ?? reason;
    this.#log.info({ reason }, 'closing publisher');
    this.close(reason);
    this.#link.send(
      STATUS_CHUNK_STREAM,
      statusMessage(this.#publishingOn, 'error', 'NetStream.Publish.Denied', description),
    );
    this.#link.closeGently();
  }

  #aggregate(message: RtmpMessage): void {
    try {
      splitAggregate(message, (part) => this.handle(part));
    } catch (error) {
      if (!(error instanceof CorruptMediaError)) throw error;
      this.#media?.drop('aggregate', error.message);
    }
  }

  #values(message: RtmpMessage): void {
    try {
      const values = readAmf0(amf0Part(message, MESSAGE_TYPE.dataAmf3), this.#services.limits.amf);
      const metadata = readMetadata(values);
      if (metadata === undefined) return;
      this.#logEncoder(metadata.encoder);
      this.#media?.metadata(metadata);
    } catch (error) {
      if (!(error instanceof AmfFormatError)) throw error;
      this.#media?.drop('metadata', error.message);
    }
  }

  /** GStreamer repeats its metadata with every buffer: once is enough. */
  #logEncoder(encoder: string | undefined): void {
    if (encoder === undefined || encoder === this.#encoder) return;
    if (this.#encoder === undefined)
      this.#log.info({ encoder: showName(encoder) }, 'publisher described itself');
    this.#encoder = encoder;
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
        this.refuse(
          'NetStream.Play.Failed',
          'this server takes streams over RTMP; to watch, open the watch page or its HLS playlist',
        );
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
    const { object, transactionId } = command;
    const app = isAmfObject(object) ? stringMember(object, 'app') : undefined;
    if (!isAmfObject(object) || app === undefined) {
      const found = isAmfObject(object) ? describeType(object.get('app')) : describeType(object);
      this.#refuseConnection(
        transactionId,
        'NetConnection.Connect.Rejected',
        `connect needs an object with the string app, got ${found}`,
      );
      return;
    }
    const name = appName(app);
    if (name.length > this.#services.limits.maxAppLength || !this.#services.apps.includes(name)) {
      const known = this.#services.apps.map((each) => `rtmp://…/${each}`).join(' or ');
      this.#refuseConnection(
        transactionId,
        'NetConnection.Connect.InvalidApp',
        `no application "${showName(name)}" here: publish to ${known}`,
      );
      return;
    }
    this.#app = name;
    this.#state = 'connected';
    this.#link.beginConnection();
    this.#link.send(COMMAND_CHUNK_STREAM, connectReply(transactionId, object));
  }

  #refuseConnection(transactionId: number, code: string, description: string): void {
    this.#log.warn({ code, reason: description }, 'refused connection');
    this.#state = 'closed';
    this.#link.send(COMMAND_CHUNK_STREAM, connectRefusal(transactionId, code, description));
    this.#link.closeGently();
  }

  #createStream(command: RtmpCommand): void {
    if (this.#netStreams >= this.#services.limits.maxNetStreams) {
      throw new RtmpProtocolError(`more than ${this.#services.limits.maxNetStreams} net streams`);
    }
    this.#netStreams++;
    this.#answer(command, this.#netStreams);
  }

  #publish(command: RtmpCommand, streamId: number): void {
    if (this.#state !== 'connected') throw new RtmpProtocolError(`publish while ${this.#state}`);
    this.#publishingOn = streamId;
    const [name] = command.args;
    if (typeof name !== 'string') {
      this.refuse(
        'NetStream.Publish.BadName',
        `publish needs a stream key as a string, got ${describeType(name)}`,
      );
      return;
    }
    const streamKey = name.split('?', 1)[0] ?? '';
    if (streamKey === '' || streamKey.length > this.#services.limits.maxStreamKeyLength) {
      this.refuse(
        'NetStream.Publish.BadName',
        streamKey === ''
          ? 'the stream key is empty'
          : `the stream key has ${streamKey.length} characters, at most ${this.#services.limits.maxStreamKeyLength} are allowed`,
      );
      return;
    }
    const pauseMs = this.#services.keyFailures.pauseLeftMs(this.#link.limitKey, this.#link.monotonicMs());
    if (pauseMs > 0) {
      this.refuse(
        'NetStream.Publish.Denied',
        `too many wrong stream keys from this address: try again in ${Math.ceil(pauseMs / 60_000)} min`,
      );
      return;
    }
    this.#state = 'authorising';
    this.#link.pause();
    void this.#authorise(streamKey);
  }

  /** Never rejects: whatever goes wrong is this session's end and nobody else's. */
  async #authorise(streamKey: string): Promise<void> {
    const { authorizer, keyFailures } = this.#services;
    let decision: PublishDecision;
    try {
      const { protocol, peer } = this.#link;
      decision = await authorizer.authorize({ protocol, app: this.#app, streamKey, peer });
    } catch (error) {
      this.#log.error({ error }, 'could not check the stream key');
      decision = { allowed: false, reason: '' };
      this.refuse('NetStream.Publish.Failed', 'the server could not check the stream key, try again');
    }
    if (this.#state !== 'authorising') return;
    if (!decision.allowed) {
      keyFailures.count(this.#link.limitKey, this.#link.monotonicMs());
      this.refuse('NetStream.Publish.Denied', decision.reason);
      return;
    }
    if (this.#attach(decision.streamId, decision.keyId)) this.#link.resume();
  }

  #attach(streamId: string, keyId: string): boolean {
    const { protocol, peer } = this.#link;
    try {
      const sink = this.#services.target.publish({
        streamId,
        keyId,
        protocol,
        peer,
        silentForMs: () => this.#link.silentForMs(),
        evict: (reason) => this.evict(reason),
      });
      this.#log = this.#services.log.child({ streamId });
      this.#sink = sink;
      this.#media = new MediaAdapter(sink, this.#log);
    } catch (error) {
      if (error instanceof StreamBusyError) {
        this.refuse('NetStream.Publish.BadName', 'another encoder is live on this stream key');
      } else {
        this.#log.error({ error }, 'could not open the stream');
        this.refuse('NetStream.Publish.Failed', 'the server could not open the stream, try again');
      }
      return false;
    }
    this.#state = 'publishing';
    this.#link.authorised();
    this.#log.info({ app: this.#app }, 'publisher connected');
    this.#link.send(
      STATUS_CHUNK_STREAM,
      statusMessage(this.#publishingOn, 'status', 'NetStream.Publish.Start', 'publishing'),
    );
    return true;
  }

  #unpublish(): void {
    if (this.#state !== 'publishing') return;
    this.#end('unpublished');
    this.#state = 'connected';
    this.#link.send(
      STATUS_CHUNK_STREAM,
      statusMessage(this.#publishingOn, 'status', 'NetStream.Unpublish.Success', 'stopped'),
    );
    this.#link.unpublished();
  }

  #end(reason: PublisherEnd): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#sink = undefined;
    this.#log.info({ reason, ...this.counts }, 'publisher left');
    this.#log = this.#services.log;
    sink.end(reason);
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

/** The application without outer slashes and query string: `live/` and `live?token=x` are `live`. */
function appName(app: string): string {
  const question = app.indexOf('?');
  let end = question < 0 ? app.length : question;
  let start = 0;
  while (app[start] === '/') start++;
  while (end > start && app[end - 1] === '/') end--;
  return app.slice(start, end);
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
