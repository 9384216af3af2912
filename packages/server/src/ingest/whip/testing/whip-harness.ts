import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IceServerSource } from '../../../http/ice-server-source.ts';
import { selfSignedIdentity } from '../../../http/self-signed.ts';
import { BothProtocols, type Version } from '../../../http/testing/both-protocols.ts';
import type { RawAnswer } from '../../../http/testing/raw-client.ts';
import type { TlsIdentity } from '../../../http/tls-identity.ts';
import { systemClock } from '../../../platform/clock.ts';
import { type Logger, silentLogger } from '../../../platform/logger.ts';
import { FakeGateway } from '../../../rtc-worker/testing/fake-gateway.ts';
import type { PublishAuthorizer } from '../../../stream/publisher.ts';
import { KeyFailures } from '../../key-failures.ts';
import { PublisherDoor } from '../../publisher-door.ts';
import { FakePublishTarget } from '../../rtmp/testing/fake-publish-target.ts';
import { WhipEndpoint } from '../whip-endpoint.ts';
import type { WhipLimits } from '../whip-limits.ts';

/** An offer as a browser's publisher writes it, without what no test looks at. */
export const OFFER = [
  'v=0',
  'o=- 42 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=sendonly',
  'a=ice-ufrag:peer',
  'a=ice-pwd:0123456789012345678901',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=mid:1',
  'a=sendonly',
  'a=ice-ufrag:peer',
  'a=ice-pwd:0123456789012345678901',
  'a=rtcp-mux',
  'a=rtpmap:96 H264/90000',
  '',
].join('\r\n');

/** What a browser trickles. */
export const FRAGMENT = [
  'a=ice-ufrag:peer',
  'a=ice-pwd:0123456789012345678901',
  'm=audio 9 RTP/AVP 0',
  'a=mid:0',
  'a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host',
  '',
].join('\r\n');

/** ICE servers that never change. */
export const iceServers: IceServerSource = {
  iceServers: () => [
    { urls: ['stun:stun.test:3478'] },
    { urls: ['turn:turn.test'], username: 'u', credential: 'c' },
  ],
  linkHeaders: () => [
    '<stun:stun.test:3478>; rel="ice-server"',
    '<turn:turn.test>; rel="ice-server"; username="u"; credential="c"',
  ],
};

/** Keys by what they are for; `revoke` takes one away. */
export class FakeKeys implements PublishAuthorizer {
  readonly #streams = new Map([
    ['live_key-of-one', 'one'],
    ['live_key-of-two', 'two'],
  ]);
  asked = 0;
  /** What streams are limited to beside the server's limits. */
  limits: { readonly maxBitrateBps?: number; readonly maxShortSide?: number } = {};
  /** When set, answers wait for it. */
  gate: Promise<void> | undefined;

  revoke(key: string): void {
    this.#streams.delete(key);
  }

  async authorize({ streamKey }: { readonly streamKey: string }) {
    this.asked++;
    await this.gate;
    const streamId = this.#streams.get(streamKey);
    return streamId === undefined
      ? { allowed: false as const, reason: 'unknown stream key' }
      : { allowed: true as const, streamId, keyId: `id-of-${streamId}`, ...this.limits };
  }
}

/** A WHIP endpoint on a real server, with a fake WebRTC side. */
export class WhipHarness {
  readonly gateway = new FakeGateway();
  readonly target = new FakePublishTarget();
  readonly keys = new FakeKeys();
  readonly keyFailures: KeyFailures;
  readonly endpoint: WhipEndpoint;
  /** Every line that was logged, as JSON. */
  readonly logged: string[] = [];
  #web: BothProtocols | undefined;
  #identity: TlsIdentity;

  private constructor(
    identity: TlsIdentity,
    limits: Partial<WhipLimits>,
    keyFailures: { maxKeyFailuresPerMinute: number; keyFailurePauseMs: number },
  ) {
    this.#identity = identity;
    this.keyFailures = new KeyFailures(keyFailures);
    this.endpoint = new WhipEndpoint({
      gateway: this.gateway,
      target: this.target,
      door: new PublisherDoor({
        authorizer: this.keys,
        keyFailures: this.keyFailures,
        clock: systemClock,
      }),
      iceServers,
      clock: systemClock,
      log: this.#logger({}),
      limits,
      clientAddress: (request) => String(request.headers['x-test-address'] ?? '127.0.0.1'),
    });
  }

  /** Starts a server with the endpoint. */
  static async start(
    limits: Partial<WhipLimits> = {},
    keyFailures = { maxKeyFailuresPerMinute: 1000, keyFailurePauseMs: 60_000 },
  ): Promise<WhipHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'tallylight-whip-'));
    const identity = await selfSignedIdentity(directory, Date.now());
    await rm(directory, { recursive: true });
    const harness = new WhipHarness(identity, limits, keyFailures);
    harness.#web = await BothProtocols.start([harness.endpoint], harness.#identity);
    return harness;
  }

  get port(): number {
    return this.#web?.port ?? 0;
  }

  /** Sends a request; `key` is its bearer token, null or nothing sends none. */
  send(
    version: Version,
    method: string,
    path: string,
    options: {
      readonly key?: string | null;
      readonly headers?: Record<string, string>;
      readonly body?: string | Uint8Array;
    } = {},
  ): Promise<RawAnswer> {
    const { key = null, headers, body } = options;
    if (this.#web === undefined) throw new Error('not started');
    return this.#web.send(version, {
      method,
      path,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Posts the offer. */
  publish(
    version: Version,
    key: string | null = 'live_key-of-one',
    path = '/whip',
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> {
    return this.send(version, 'POST', path, {
      key,
      headers: { 'content-type': 'application/sdp', ...headers },
      body: OFFER,
    });
  }

  /** Trickles to a session. */
  trickle(
    version: Version,
    location: string,
    options: {
      readonly key?: string | null;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    } = {},
  ): Promise<RawAnswer> {
    return this.send(version, 'PATCH', location, {
      body: FRAGMENT,
      ...options,
      headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...options.headers },
    });
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.#web?.close();
  }

  #logger(bound: object): Logger {
    const line = (fields: object, event: string): void => {
      this.logged.push(JSON.stringify({ ...bound, ...fields, event }));
    };
    return {
      ...silentLogger,
      debug: line,
      info: line,
      warn: line,
      error: line,
      child: (fields) => this.#logger({ ...bound, ...fields }),
    };
  }
}
