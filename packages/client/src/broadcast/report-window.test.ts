import { expect, test } from 'vitest';
import { ReportWindow } from './report-window.ts';
import { readSenderReport } from './sender-report.ts';

function report(atMs: number, framesEncoded: number) {
  return { ...readSenderReport([], atMs), framesEncoded };
}

test('figures are means over the span that was asked for', () => {
  const window = new ReportWindow(5_000);
  window.push(report(0, 0));
  expect(window.figures(2_000)).toBeUndefined();
  window.push(report(1_000, 10));
  expect(window.figures(2_000)?.framesPerSecond).toBe(10);
  for (let second = 2; second <= 10; second += 1) {
    window.push(report(second * 1_000, (second - 1) * 30 + 10));
  }
  expect(window.figures(2_000)?.framesPerSecond).toBe(30);
  expect(window.figures(5_000)?.framesPerSecond).toBe(30);
});

test('another video track begins anew: its counter says nothing of the one before', () => {
  const window = new ReportWindow(5_000);
  const of = (atMs: number, sourceId: string, sourceFrames: number) => ({
    ...report(atMs, atMs / 40),
    sourceId,
    sourceFrames,
  });
  window.push(of(0, 'a', 0));
  window.push(of(4_000, 'a', 120));
  window.push(of(5_000, 'b', 25));
  expect(window.figures(5_000)).toBeUndefined();
  expect(window.beganMs).toBe(5_000);
  window.push(of(6_000, 'b', 50));
  expect(window.figures(5_000)).toMatchObject({ framesPerSecond: 25, sourceFramesPerSecond: 25 });
  // A browser that names no track counts anew all the same.
  window.push(of(7_000, 'b', 3));
  expect(window.figures(5_000)).toBeUndefined();
});

test('another session begins anew', () => {
  const window = new ReportWindow(5_000);
  window.push(report(0, 900));
  window.push(report(1_000, 930));
  window.push(undefined);
  expect(window.figures(5_000)).toBeUndefined();
  window.push(report(2_000, 0));
  window.push(report(3_000, 30));
  expect(window.figures(5_000)?.framesPerSecond).toBe(30);
});
