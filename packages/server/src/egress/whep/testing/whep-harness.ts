import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedIdentity } from '../../../http/self-signed.ts';
import { BothProtocols, type Version } from '../../../http/testing/both-protocols.ts';
import type { RawAnswer } from '../../../http/testing/raw-client.ts';
import type { RevocationListener, ViewDecision, ViewRequest } from '../../../packager/presentation.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { FakeGateway } from '../../../rtc-worker/testing/fake-gateway.ts';
import { WhepEndpoint } from '../whep-endpoint.ts';
import type { WhepLimits } from '../whep-limits.ts';

/** A viewer's offer, without what no test looks at. */
export const OFFER = [
  'v=0',
  'o=- 42 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:0',
  'a=recvonly',
  'a=ice-ufrag:peer',
  'a=ice-pwd:0123456789012345678901',
  'a=rtcp-mux',
  'a=rtpmap:96 H264/90000',
  '',
].join('\r\n');
/** A WHEP endpoint on a real server, with a fake WebRTC side and the streams `live` and, which WebRTC cannot show, `b-frames`. */
export class WhepHarness {
  readonly gateway = new FakeGateway();
  readonly feed = this.gateway.openFeed({
    streamId: 'live',
    listener: { onKeyframeWanted: () => {}, onViewers: () => {} },
  });
  readonly endpoint: WhepEndpoint;
  /** How each feed that was opened was settled; undefined while its offer is being answered. */
  readonly opened: (boolean | undefined)[] = [];
  /** The authorizer's answer. */
  decide: (request: ViewRequest) => ViewDecision | Promise<ViewDecision> = () => 'public';
  /** Tells the endpoint that rights ended. */
  revoke: RevocationListener = () => {};
  #web: BothProtocols | undefined;

  private constructor(limits: Partial<WhepLimits>) {
    const status = (streamId: string) =>
      streamId === 'live' ? 'live' : streamId === 'b-frames' ? 'unavailable' : 'not-live';
    this.endpoint = new WhepEndpoint({
      gateway: this.gateway,
      source: {
        status,
        open: (streamId) => {
          const found = status(streamId);
          if (found !== 'live') return found;
          const index = this.opened.push(undefined) - 1;
          return {
            feed: this.feed,
            settle: (answered) => {
              this.opened[index] = answered;
            },
          };
        },
      },
      authorizer: {
        authorize: (request) => this.decide(request),
        onRevoked: (listener) => {
          this.revoke = listener;
          return () => {};
        },
      },
      iceServers: {
        iceServers: () => [{ urls: ['stun:stun.test'] }],
        linkHeaders: () => ['<stun:stun.test>; rel="ice-server"'],
      },
      log: silentLogger,
      limits,
      clientAddress: (request) => String(request.headers['x-test-address'] ?? '127.0.0.1'),
    });
  }

  /** Starts a server with the endpoint. */
  static async start(limits: Partial<WhepLimits> = {}): Promise<WhepHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'tallylight-whep-'));
    const identity = await selfSignedIdentity(directory, Date.now());
    await rm(directory, { recursive: true });
    const harness = new WhepHarness(limits);
    harness.#web = await BothProtocols.start([harness.endpoint], identity);
    return harness;
  }

  get port(): number {
    return this.#web?.port ?? 0;
  }

  /** Sends a request. */
  send(version: Version, request: Parameters<BothProtocols['send']>[1]): Promise<RawAnswer> {
    if (this.#web === undefined) throw new Error('not started');
    return this.#web.send(version, request);
  }

  /** Posts an offer. */
  watch(
    version: Version,
    path = '/whep/live',
    headers: Record<string, string> = {},
    body: string | Uint8Array = OFFER,
  ): Promise<RawAnswer> {
    return this.send(version, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/sdp', ...headers },
      body,
    });
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.#web?.close();
  }
}
