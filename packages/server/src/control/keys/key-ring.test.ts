import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KeyRing } from './key-ring.ts';

const old = { kid: 'k1', bytes: randomBytes(32) };
const now = { kid: 'k2', bytes: randomBytes(32) };

describe('KeyRing', () => {
  test('the first key seals; what an older one sealed still opens, and is found', () => {
    const before = new KeyRing([old]);
    const after = new KeyRing([now, old]);
    const sealed = before.seal('secret', 'place');
    expect(sealed.kid).toBe('k1');
    expect(after.open(sealed, 'place')).toBe('secret');
    expect(after.seal('secret', 'place').kid).toBe('k2');
    expect(after.lookups('secret')).toContain(before.lookup('secret'));
    expect(after.lookup('secret')).not.toBe(before.lookup('secret'));
  });

  test('a seal opens in its own place only, with its own key, unchanged', () => {
    const ring = new KeyRing([now]);
    const sealed = ring.seal('secret', 'place');
    expect(() => ring.open(sealed, 'other place')).toThrow();
    expect(() => ring.open({ ...sealed, kid: 'k1' }, 'place')).toThrow('no master key k1');
    expect(() => ring.open({ ...sealed, tag: sealed.tag.slice(0, 6) }, 'place')).toThrow();
    expect(() => ring.open({ ...sealed, ciphertext: `A${sealed.ciphertext.slice(1)}A` }, 'place')).toThrow();
    expect(new Set(Array.from({ length: 100 }, () => ring.seal('secret', 'place').nonce)).size).toBe(100);
  });

  test('derived secrets differ by purpose and by key', () => {
    const ring = new KeyRing([now, old]);
    expect(ring.derive('a')).toEqual(new KeyRing([now]).derive('a'));
    expect(ring.derive('a')).not.toEqual(ring.derive('b'));
    expect(ring.derive('a')).not.toEqual(new KeyRing([old]).derive('a'));
  });

  test('refuses names twice and keys of another length', () => {
    expect(() => new KeyRing([old, { ...now, kid: 'k1' }])).toThrow(RangeError);
    expect(() => new KeyRing([{ kid: 'k', bytes: randomBytes(16) }])).toThrow(RangeError);
  });
});
