import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeStream } from '../broadcast/testing/fake-track.ts';
import { IceServers } from './ice-servers.ts';
import { WhepSession } from './whep-session.ts';

/** An `RTCPeerConnection` that receives one track, as far as a session looks at it. */
class ReceivingConnection extends EventTarget {
  static last: ReceivingConnection | undefined;
  readonly iceGatheringState = 'complete';
  connectionState: RTCPeerConnectionState = 'new';
  readonly track = { stop: vi.fn() };

  constructor() {
    super();
    ReceivingConnection.last = this;
  }

  addTransceiver(): { readonly receiver: object } {
    return { receiver: { track: this.track } };
  }

  getReceivers(): readonly object[] {
    return [{ track: this.track }];
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'offer', sdp: 'v=0\r\n' });
  }

  setLocalDescription(): Promise<void> {
    return Promise.resolve();
  }

  setRemoteDescription(): Promise<void> {
    this.connectionState = 'connected';
    this.dispatchEvent(new Event('connectionstatechange'));
    return Promise.resolve();
  }

  close(): void {
    this.connectionState = 'closed';
  }
}

describe('the end of a WHEP session', () => {
  const deleted: string[] = [];
  let answerDelete: (() => void) | undefined;

  const open = async (): Promise<WhepSession> => {
    const session = new WhepSession({
      endpoint: 'https://live.example/whep/show',
      iceServers: new IceServers('https://live.example/api/ice-servers'),
      listener: { failed: () => undefined },
    });
    await vi.waitFor(() => {
      expect(session.connected).toBe(true);
    });
    return session;
  };

  const state = () => ReceivingConnection.last?.connectionState;

  beforeEach(() => {
    deleted.length = 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.stubGlobal('RTCPeerConnection', ReceivingConnection);
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    vi.stubGlobal('MediaStream', FakeStream);
    vi.stubGlobal('addEventListener', () => undefined);
    vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
      if (init?.method === 'DELETE') {
        deleted.push(url);
        return new Promise<Response>((resolve) => {
          answerDelete = () => {
            resolve(new Response(null, { status: 200 }));
          };
        });
      }
      const response = url.endsWith('/ice-servers')
        ? Response.json({ iceServers: [] })
        : new Response('v=0\r\n', { status: 201, headers: { Location: '/whep/session/1' } });
      return Promise.resolve(Object.defineProperty(response, 'url', { value: url }));
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('is told before the connection is closed, and nothing is played meanwhile', async () => {
    const session = await open();
    session.close();
    expect(deleted).toEqual(['https://live.example/whep/session/1']);
    expect(state()).toBe('connected');
    expect(ReceivingConnection.last?.track.stop).toHaveBeenCalled();
    answerDelete?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(state()).toBe('closed');
  });

  test('does not wait long for a server that does not answer', async () => {
    const session = await open();
    session.close();
    session.close();
    await vi.advanceTimersByTimeAsync(299);
    expect(state()).toBe('connected');
    await vi.advanceTimersByTimeAsync(1);
    expect(state()).toBe('closed');
    expect(deleted).toHaveLength(1);
  });
});
