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
