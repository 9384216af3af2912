import { describe, expect, test } from 'vitest';
import { parseReloadQuery } from './reload-query.ts';

describe('parseReloadQuery (rfc8216bis §6.2.5)', () => {
  test.each([
    ['', { action: 'parsed', request: {} }],
    ['token=abc&x', { action: 'parsed', request: {} }],
    ['_HLS_msn=7', { action: 'parsed', request: { msn: 7 } }],
    ['_HLS_msn=7&_HLS_part=0', { action: 'parsed', request: { msn: 7, part: 0 } }],
    [
      '_HLS_part=3&a=b&_HLS_msn=1700000000&_HLS_skip=YES',
      {
        action: 'parsed',
        request: { msn: 1_700_000_000, part: 3 },
        skip: 'YES',
      },
    ],
    ['_HLS_skip=v2', { action: 'parsed', request: {}, skip: 'v2' }],
    ['_HLS_skip=NO', { action: 'parsed', request: {} }],
    ['_HLS_msn=9007199254740991', { action: 'parsed', request: { msn: Number.MAX_SAFE_INTEGER } }],
  ])('%s', (query, expected) => {
    expect(parseReloadQuery(query)).toEqual(expected);
  });

  test.each([
    ['_HLS_part=1', '_HLS_part needs _HLS_msn'],
    ['_HLS_msn=abc', '_HLS_msn is no sequence number: "abc"'],
    ['_HLS_msn=-1', '_HLS_msn is no sequence number: "-1"'],
    ['_HLS_msn=', '_HLS_msn is no sequence number: ""'],
    ['_HLS_msn', '_HLS_msn is no sequence number: ""'],
    ['_HLS_msn=1.5', '_HLS_msn is no sequence number: "1.5"'],
    ['_HLS_msn=1e3', '_HLS_msn is no sequence number: "1e3"'],
    ['_HLS_msn=0x10', '_HLS_msn is no sequence number: "0x10"'],
    ['_HLS_msn=9007199254740992', '_HLS_msn is no sequence number: "9007199254740992"'],
    ['_HLS_msn=9223372036854775808', '_HLS_msn is no sequence number: "9223372036854775808"'],
    ['_HLS_msn=1&_HLS_part=x', '_HLS_part is no sequence number: "x"'],
    ['_HLS_msn=1&_HLS_msn=1', '_HLS_msn is given twice'],
    ['_HLS_msn=1&_HLS_part=1&_HLS_part=2', '_HLS_part is given twice'],
    ['_HLS_skip=YES&_HLS_skip=v2', '_HLS_skip is given twice'],
  ])('%s is a 400', (query, reason) => {
    expect(parseReloadQuery(query)).toEqual({ action: 'reject', status: 400, reason });
  });
});
