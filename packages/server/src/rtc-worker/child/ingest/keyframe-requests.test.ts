import { describe, expect, test } from 'vitest';
import { KeyframeRequests } from './keyframe-requests.ts';

/** What is sent from `fromMs` to `toMs`, asked every 10 ms. */
function sent(
  requests: KeyframeRequests,
  fromMs: number,
  toMs: number,
  isBroken = false,
): { readonly atMs: number; readonly request: string }[] {
  const all: { readonly atMs: number; readonly request: string }[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += 10) {
    const request = requests.due(atMs, isBroken);
    if (request !== undefined) all.push({ atMs, request });
  }
  return all;
}

describe('a keyframe is asked for', () => {
  test('when 2 s brought none', () => {
    const requests = new KeyframeRequests({ canFir: true });
    requests.keyframe(0);
    expect(sent(requests, 10, 2200)).toEqual([{ atMs: 2000, request: 'pli' }]);
    requests.keyframe(2250);
    expect(sent(requests, 2260, 4200)).toEqual([]);
  });

  test('at once after a loss, by PLI and then by FIR, more and more seldom', () => {
    const requests = new KeyframeRequests({ canFir: true });
    requests.keyframe(0);
    const all = sent(requests, 100, 5000, true);
    expect(all.map(({ request }) => request)).toEqual(['pli', 'pli', 'fir', 'fir', 'fir', 'fir']);
    expect(all.map(({ atMs }) => atMs)).toEqual([100, 400, 1000, 1900, 3100, 4300]);
  });

  test('never by FIR when the publisher does not know it', () => {
    const requests = new KeyframeRequests({ canFir: false });
    expect(new Set(sent(requests, 0, 5000, true).map(({ request }) => request))).toEqual(new Set(['pli']));
  });

  test('when somebody wants it, but not within 0.5 s of the last one', () => {
    const requests = new KeyframeRequests({ canFir: true });
    requests.keyframe(0);
    requests.want();
    expect(sent(requests, 10, 600)).toEqual([{ atMs: 500, request: 'pli' }]);
    requests.keyframe(700);
    expect(sent(requests, 710, 2000)).toEqual([]);
  });
});
