import { expect, test } from 'vitest';
import { saysAway } from './publisher-presence.ts';

test('only a clear word of the server means that the publisher is away', () => {
  expect(saysAway({ streamId: 'a', publishing: false })).toBe(true);
  for (const body of [{ publishing: true }, { publishing: null }, {}, [], null, 'no', undefined]) {
    expect(saysAway(body)).toBe(false);
  }
});
