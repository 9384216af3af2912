import { describe, expect, test } from 'vitest';
import { readFragment } from './read-fragment.ts';

/** As RFC 9725 §4.3.2 shows it. */
const FRAGMENT = [
  'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=ice-ufrag:EsAw',
  'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  'a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1',
  'a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw',
  'a=end-of-candidates',
];
const CREDENTIALS = new Set(['ice-ufrag:EsAw', 'ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1']);

describe('readFragment (RFC 8840 §9)', () => {
  test.each(['\r\n', '\n'])('reads the RFC’s example, with line ends %j', (end) => {
    expect(readFragment(FRAGMENT.join(end) + end).credentials).toEqual(CREDENTIALS);
  });

  test.each([
    [
      'credentials before the sections',
      ['a=ice-ufrag:EsAw', 'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1', 'm=audio 9 RTP/AVP 0'],
    ],
    ['Firefox’s last candidate, which is empty', [...FRAGMENT, 'a=']],
    ['an mDNS name', [...FRAGMENT, 'a=candidate:1 1 UDP 1 0b5c-77.local 5000 typ host']],
    ['options of ICE, and what nobody knows', ['a=ice-options:trickle ice2', ...FRAGMENT, 'a=unknown']],
  ])('takes %s', (_, lines) => {
    expect(readFragment(lines.join('\r\n')).credentials).toEqual(CREDENTIALS);
  });

  test('takes the end of candidates alone', () => {
    expect(readFragment('a=end-of-candidates\r\n').credentials).toEqual(new Set());
  });

  test.each([
    ['nothing', '', 'neither ICE credentials nor candidates'],
    ['attributes that say nothing of ICE', 'a=mid:0', 'neither ICE credentials nor candidates'],
    ['words', 'hello', "line 1: 'hello' is neither"],
    ['a candidate that is none', 'a=candidate:nope', "line 1: not an ICE candidate: 'nope'"],
    ['a fragment of four signs and less', 'a=ice-ufrag:abc', 'line 1: a=ice-ufrag cannot be'],
    ['a section that is none', `m=audio\r\n${FRAGMENT[3]}`, 'line 1: m= cannot be'],
    ['a control character', 'a=end-of-candidates\0', 'control character 0'],
  ])('refuses %s', (_, text, message) => {
    expect(() => readFragment(text)).toThrow(message);
  });
});
