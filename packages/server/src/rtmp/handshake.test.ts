import { describe, expect, test } from 'vitest';
import {
  answerHandshake,
  C0_C1_BYTES,
  HANDSHAKE_BYTES,
  isSignedAnswer,
  makeC0C1,
  makeC2,
} from './handshake.ts';

describe('simple handshake (RTMP 1.0 §5.2)', () => {
  test('S0 is the version, S1 has version 0, S2 repeats C1', () => {
    const c0c1 = makeC0C1(undefined);
    const { bytes, schema } = answerHandshake(c0c1);
    expect(schema).toBeUndefined();
    expect(bytes).toHaveLength(1 + 2 * HANDSHAKE_BYTES);
    expect([...bytes.subarray(0, 9)]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(Buffer.from(bytes.subarray(C0_C1_BYTES)).equals(c0c1.subarray(1))).toBe(true);
  });

  test('a C1 that claims a digest and has none is answered simply', () => {
    const c0c1 = makeC0C1(undefined);
    c0c1.set([10, 0, 45, 2], 5);
    expect(answerHandshake(c0c1).schema).toBeUndefined();
  });

  test('other versions, RTMPE among them, are refused', () => {
    for (const version of [0, 2, 6, 0x16, 0x47]) {
      const c0c1 = makeC0C1(undefined);
      c0c1[0] = version;
      expect(() => answerHandshake(c0c1)).toThrow(`first byte is ${version}`);
    }
  });
});

describe('digest handshake', () => {
  test.each([0, 1] as const)('layout %i is found and answered in the same layout, signed', (schema) => {
    for (let i = 0; i < 20; i++) {
      const c0c1 = makeC0C1(schema);
      const answer = answerHandshake(c0c1);
      expect(answer.schema).toBe(schema);
      const s1 = answer.bytes.subarray(1, C0_C1_BYTES);
      const s2 = answer.bytes.subarray(C0_C1_BYTES);
      expect(isSignedAnswer(c0c1.subarray(1), s1, s2, schema)).toBe(true);
      expect(isSignedAnswer(c0c1.subarray(1), s1, s2, schema === 0 ? 1 : 0)).toBe(false);
      expect(makeC2(s1, schema)).toHaveLength(HANDSHAKE_BYTES);
    }
  });

  test('one flipped bit makes the digest invalid', () => {
    const c0c1 = makeC0C1(1);
    c0c1[100] = (c0c1[100] ?? 0) ^ 1;
    expect(answerHandshake(c0c1).schema).toBeUndefined();
  });
});
