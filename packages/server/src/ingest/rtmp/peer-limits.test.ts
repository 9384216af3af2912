import { describe, expect, test } from 'vitest';
import { KeyFailures } from '../key-failures.ts';
import { Admission, type Admitted } from './admission.ts';
import { limitKey, peerName } from './peer-address.ts';

describe('limitKey', () => {
  test('IPv4 counts by address, mapped or not', () => {
    expect(limitKey('192.0.2.7')).toBe('192.0.2.7');
    expect(limitKey('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(limitKey('::FFFF:192.0.2.7')).toBe('192.0.2.7');
  });

  test('IPv6 counts by /64, however it is spelled', () => {
    for (const address of [
      '2001:db8::1',
      '2001:0db8:0:0:ffff::9',
      '2001:DB8:0:0:1:2:3:4',
      '2001:db8::1%eth0',
    ]) {
      expect(limitKey(address)).toBe('2001:db8:0:0::/64');
    }
    expect(limitKey('::1')).toBe('0:0:0:0::/64');
  });
});

describe('peerName', () => {
  test('is what one would type', () => {
    expect(peerName('::ffff:192.0.2.7', 5)).toBe('192.0.2.7:5');
    expect(peerName('2001:db8::1', 5)).toBe('[2001:db8::1]:5');
  });
});

describe('KeyFailures', () => {
  const limits = { maxKeyFailuresPerMinute: 10, keyFailurePauseMs: 600_000 };

  test('the tenth wrong key of a minute starts a pause of ten minutes', () => {
    const failures = new KeyFailures(limits);
    for (let i = 0; i < 9; i++) failures.count('a', i);
    expect(failures.pauseLeftMs('a', 9)).toBe(0);
    failures.count('a', 10);
    expect(failures.pauseLeftMs('a', 10)).toBe(600_000);
    expect(failures.pauseLeftMs('a', 600_009)).toBe(1);
    expect(failures.pauseLeftMs('a', 600_010)).toBe(0);
    expect(failures.pauseLeftMs('b', 10)).toBe(0);
  });

  test('wrong keys spread over minutes do not add up', () => {
    const failures = new KeyFailures(limits);
    for (let i = 0; i < 30; i++) failures.count('a', i * 7000);
    expect(failures.pauseLeftMs('a', 30 * 7000)).toBe(0);
  });
});

class FakeConnection implements Admitted {
  readonly limitKey: string;
  readonly #ageMs: number | undefined;
  destroyed = false;

  constructor(key: string, ageMs: number | undefined) {
    this.limitKey = key;
    this.#ageMs = ageMs;
  }

  handshakeAgeMs(): number | undefined {
    return this.#ageMs;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

describe('Admission', () => {
  const limits = { maxPreAuthConnections: 20, maxPreAuthConnectionsPerIp: 10, staleHandshakeMs: 1000 };

  test('ten connections of one address are taken, the eleventh is not; other addresses are', () => {
    const admission = new Admission<FakeConnection>(limits);
    for (let i = 0; i < 10; i++) {
      expect(admission.makeRoom('a')).toBe(true);
      admission.add(new FakeConnection('a', 0));
    }
    expect(admission.makeRoom('a')).toBe(false);
    for (let i = 0; i < 10; i++) {
      expect(admission.makeRoom(`b${i}`)).toBe(true);
      admission.add(new FakeConnection(`b${i}`, undefined));
    }
    expect(admission.makeRoom('c')).toBe(false);
  });

  test('at a cap the oldest stale handshake gives way, and only that', () => {
    const admission = new Admission<FakeConnection>(limits);
    const connections = [undefined, 999, 1000, 5000, 0, 0, 0, 0, 0, 0].map(
      (ageMs) => new FakeConnection('a', ageMs),
    );
    for (const connection of connections) admission.add(connection);
    expect(admission.makeRoom('a')).toBe(true);
    expect(connections.map((each) => each.destroyed).indexOf(true)).toBe(2);
    admission.add(new FakeConnection('a', 0));
    expect(admission.makeRoom('a')).toBe(true);
    expect(connections.filter((each) => each.destroyed)).toHaveLength(2);
    admission.add(new FakeConnection('a', 0));
    expect(admission.makeRoom('a')).toBe(false);
  });

  test('what left is not counted, however often it leaves', () => {
    const admission = new Admission<FakeConnection>(limits);
    const connection = new FakeConnection('a', 0);
    admission.add(connection);
    admission.delete(connection);
    admission.delete(connection);
    expect(admission.size).toBe(0);
  });
});
