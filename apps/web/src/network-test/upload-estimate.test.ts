import { describe, expect, test } from 'vitest';
import { estimateUploadBps, nextPieceBytes, type UploadPiece } from './upload-estimate.ts';

/** The pieces that an upload of this rate and round trip would make in 3 s. */
function simulate(bps: number, roundTripMs: number): UploadPiece[] {
  const pieces: UploadPiece[] = [];
  for (let nowMs = 0; nowMs < 3_000; ) {
    const sizeBytes = nextPieceBytes(pieces);
    const elapsedMs = roundTripMs + ((sizeBytes * 8) / bps) * 1000;
    pieces.push({ sizeBytes, elapsedMs });
    nowMs += elapsedMs;
  }
  return pieces;
}

describe('the upload estimate', () => {
  test.each([
    [500_000, 30],
    [2_500_000, 30],
    [20_000_000, 10],
    [20_000_000, 150],
    [300_000_000, 5],
  ])('finds %i bit/s over %i ms', (bps, roundTripMs) => {
    const estimate = estimateUploadBps(simulate(bps, roundTripMs)) ?? 0;
    expect(Math.abs(estimate / bps - 1)).toBeLessThan(0.1);
  });

  test('says nothing after too few pieces', () => {
    expect(estimateUploadBps([])).toBeUndefined();
    expect(estimateUploadBps([{ sizeBytes: 1_024, elapsedMs: 5 }])).toBeUndefined();
  });

  test('no piece is larger than what the server takes', () => {
    const sizes = simulate(1e9, 1).map(({ sizeBytes }) => sizeBytes);
    expect(Math.max(...sizes)).toBe(4 * 1024 * 1024);
    expect(sizes[0]).toBe(1_024);
  });
});
