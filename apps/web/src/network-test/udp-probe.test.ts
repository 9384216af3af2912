import { afterEach, expect, test, vi } from 'vitest';
import { type ProbeOptions, probeUdp } from './udp-probe.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A browser's connection that gathers at once; `takeAnswer` is what it does with an answer. */
function connectionClass(takeAnswer: () => Promise<void>): unknown {
  return class extends EventTarget {
    iceGatheringState = 'new';
    readonly localDescription = { sdp: 'v=0' };
    createDataChannel(): EventTarget {
      return new EventTarget();
    }
    setLocalDescription(): Promise<void> {
      queueMicrotask(() => {
        this.iceGatheringState = 'complete';
        this.dispatchEvent(new Event('icegatheringstatechange'));
      });
      return Promise.resolve();
    }
    setRemoteDescription(): Promise<void> {
      return takeAnswer();
    }
    close(): void {}
  };
}

function options(signal = new AbortController().signal): ProbeOptions {
  return { url: '/probe', iceServers: [], relayOnly: false, signal };
}

test('a relay whose address the browser does not take is a way that is blocked', async () => {
  vi.stubGlobal('RTCPeerConnection', function refuse() {
    throw new SyntaxError('bad URL');
  });
  expect(await probeUdp(options())).toEqual({ outcome: 'blocked', detail: 'bad URL' });
});

test('an answer that the browser does not understand counts as none', async () => {
  const misunderstood = (): Promise<void> => Promise.reject(new Error('no SDP'));
  vi.stubGlobal('RTCPeerConnection', connectionClass(misunderstood));
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>', { status: 201 })));
  expect(await probeUdp(options())).toEqual({ outcome: 'refused', status: 0, detail: 'no SDP' });
});

test('only a test that is ended by its page rejects', async () => {
  const ending = new AbortController();
  const ended = (): Promise<void> => {
    ending.abort();
    return Promise.reject(new Error('closed'));
  };
  vi.stubGlobal('RTCPeerConnection', connectionClass(ended));
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('v=0', { status: 201 })));
  await expect(probeUdp(options(ending.signal))).rejects.toThrow('aborted');
});
