import { describe, expect, test } from 'vitest';
import { turnVerdict, udpVerdict, uploadVerdict } from './network-verdict.ts';
import type { ProbeResult } from './udp-probe.ts';

const reached: ProbeResult = { outcome: 'reached', roundTripMs: 12 };
const blocked: ProbeResult = { outcome: 'blocked', detail: '' };

describe('udpVerdict', () => {
  test.each([
    [reached, false, 'Works', /UDP reaches this server, 12 ms there and back/],
    [{ outcome: 'reached', roundTripMs: 400 }, false, 'Slow', /far away/],
    [blocked, false, 'Blocked', /use OBS with RTMP.*configure TURN/],
    [blocked, true, 'By relay', /works by way of TURN/],
    [{ outcome: 'refused', status: 503, detail: '' }, false, 'Busy', /test again/],
    [{ outcome: 'refused', status: 404, detail: '' }, false, 'Unknown', /use OBS with RTMP/],
    [{ outcome: 'unsupported' }, false, 'No WebRTC', /use OBS with RTMP/],
  ] as const)('%o, TURN %s: %s', (result, turnWorks, badge, words) => {
    const verdict = udpVerdict(result, turnWorks);
    expect(verdict.badge).toBe(badge);
    expect(verdict.words).toMatch(words);
  });
});

describe('turnVerdict', () => {
  test.each([
    [undefined, true, 'Not set up', /does not need one/],
    [undefined, false, 'Not set up', /configure TURN/],
    [reached, false, 'Works', /TURN works, 12 ms/],
    [{ outcome: 'relay-only' }, false, 'Half way', /nothing comes back through it/],
    [blocked, false, 'No answer', /shared secret/],
    [{ outcome: 'refused', status: 429, detail: '' }, false, 'Unknown', /test again/],
  ] as const)('%o, UDP %s: %s', (result, udpWorks, badge, words) => {
    const verdict = turnVerdict(result, udpWorks);
    expect(verdict.badge).toBe(badge);
    expect(verdict.words).toMatch(words);
  });

  test('a missing relay is neither good nor a fault on a network that does not need one', () => {
    expect([turnVerdict(undefined, true).tone, turnVerdict(undefined, false).tone]).toEqual(['none', 'bad']);
  });
});

describe('uploadVerdict', () => {
  test.each([
    [50e6, 'Your upload gives about 50.0 Mbps. That is enough for 1080p60 at 6.0 Mbps.'],
    [714.8e6, 'Your upload gives more than 100 Mbps. That is enough for 1080p60 at 6.0 Mbps.'],
    [
      4e6,
      'Your upload gives about 4.0 Mbps. Send 720p and lower the bitrate to 2.5 Mbps, so that some is left for bursts.',
    ],
    [
      0.9e6,
      'Your upload gives about 900 kbps. Send 360p and lower the bitrate to 600 kbps, so that some is left for bursts.',
    ],
    [
      0.3e6,
      'Your upload gives about 300 kbps. That is too little to go live. Use a cable instead of Wi-Fi, or another network.',
    ],
    [undefined, 'The upload could not be measured. Wait a few seconds, then test again.'],
  ] as const)('%s bit/s', (uploadBps, words) => {
    expect(uploadVerdict(uploadBps).words).toBe(words);
  });
});
