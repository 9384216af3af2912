import { describe, expect, test } from 'vitest';
import { redact, StderrLog } from './stderr-log.ts';

describe('redact', () => {
  test('hides addresses and keys, and keeps the rest', () => {
    expect(redact('opening rtmp://host/live/live_abc for reading')).toBe(
      'opening rtmp://[redacted] for reading',
    );
    expect(redact('name live_0123456789')).toBe('name [redacted]');
    expect(redact('option token=abc, key=def')).toBe('option token=[redacted] key=[redacted]');
    expect(redact('[h264 @ 0x55] error while decoding MB 3 4')).toBe(
      '[h264 @ 0x55] error while decoding MB 3 4',
    );
  });

  test('a forged line break stays within the line', () => {
    expect(redact('a\u001b[31mb\u0007')).toBe('a [31mb ');
  });
});

describe('StderrLog', () => {
  test('keeps the last twenty lines, logs ten in ten seconds and counts the others', () => {
    let nowMs = 0;
    const logged: [string, number][] = [];
    const log = new StderrLog(
      (line, suppressed) => logged.push([line, suppressed]),
      () => nowMs,
    );
    for (let i = 0; i < 30; i++) log.push(`line ${i}\n`);
    expect(logged).toHaveLength(10);
    expect(log.tail).toHaveLength(20);
    expect(log.tail.at(-1)).toBe('line 29');
    nowMs = 10_001;
    log.push('later\r');
    expect(logged.at(-1)).toEqual(['later', 20]);
  });

  test('a line without an end does not grow for ever', () => {
    const log = new StderrLog(
      () => {},
      () => 0,
    );
    for (let i = 0; i < 1000; i++) log.push('x'.repeat(1000));
    log.push('\n');
    expect(log.tail[0]?.length).toBe(300);
  });
});
