import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { type Logger, silentLogger } from '../platform/logger.ts';
import type { OriginResponse } from './exchange.ts';
import { Origin } from './origin.ts';
import { FakeDirectory, FakePresentation, FakeRendition } from './testing/fake-presentation.ts';

/** Remembers how it was answered. */
class RecordedResponse implements OriginResponse {
  readonly socket = null;
  status: number | undefined;
  headersSent = false;
  writableEnded = false;

  writeHead(status: number, headers: string[]): void {
    expect(this.headersSent).toBe(false);
    expect(headers.length % 2).toBe(0);
    for (const field of headers) expect(field).not.toMatch(/[\r\n]/);
    expect(headers[0]).toBe('Access-Control-Allow-Origin');
    this.status = status;
    this.headersSent = true;
  }

  write(): boolean {
    return true;
  }

  end(): void {
    this.writableEnded = true;
  }

  on(): void {}

  off(): void {}
}

const piece = fc.oneof(
  fc.constantFrom(
    'hls',
    't',
    'live',
    '720p',
    'index.m3u8',
    'r.1700000003.m4s',
    'r.init-1.mp4',
    '..',
    '.',
    '%2e%2e',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const value = fc.oneof(
  fc.constantFrom(
    '1700000005',
    '1700000004',
    '0',
    '-1',
    '1e9',
    '0x1',
    'NaN',
    '9007199254740993',
    '',
    'YES',
    'v2',
  ),
  fc.nat().map(String),
  fc.string({ maxLength: 8 }),
);
const directive = fc
  .tuple(fc.constantFrom('_HLS_msn', '_HLS_part', '_HLS_skip', 'x', ''), value)
  .map(([name, text]) => `${name}=${text}`);
const target = fc
  .tuple(fc.array(piece, { maxLength: 6 }), fc.array(directive, { maxLength: 4 }), fc.boolean())
  .map(
    ([pieces, query, valid]) =>
      `${valid ? '/hls/live/720p/index.m3u8' : `/hls/${pieces.join('/')}`}?${query.join('&')}`,
  );
const headers = fc.record(
  {
    range: fc.oneof(
      fc.constantFrom('bytes=0-', 'bytes=-5', 'bytes=9-1', 'bytes=0-0,1-1'),
      fc.string({ maxLength: 20 }),
    ),
    'if-none-match': fc.string({ maxLength: 20 }),
    'accept-encoding': fc.oneof(fc.constantFrom('gzip', 'gzip;q=0', '*'), fc.string({ maxLength: 20 })),
  },
  { requiredKeys: [] },
);

describe('any request below /hls/', () => {
  test('is answered with a known status and CORS, or held; nothing throws', () => {
    const errors: object[] = [];
    const log: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
    const directory = new FakeDirectory();
    directory.streams.set('live', new FakePresentation('live', [new FakeRendition('720p').advance(53)]));
    const origin = new Origin({
      directory,
      authorizer: { authorize: () => 'public' },
      clock: systemClock,
      log,
    });
    const statuses = new Set<number | undefined>();
    let held = 0;
    fc.assert(
      fc.property(target, headers, fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT'), (url, sent, method) => {
        const response = new RecordedResponse();
        expect(
          origin.handle({ method, url, headers: sent, socket: { remoteAddress: '192.0.2.1' } }, response),
        ).toBe(true);
        statuses.add(response.status);
        if (response.status === undefined) expect(origin.stats().held).toBe(++held);
        else expect(response.writableEnded).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(errors).toEqual([]);
    for (const status of statuses)
      expect([undefined, 200, 204, 206, 304, 400, 404, 405, 416, 503]).toContain(status);
    origin.close();
  });
});
