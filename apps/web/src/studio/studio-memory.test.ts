import { expect, test } from 'vitest';
import { parseChoice } from './studio-memory.ts';

test('what was kept is read back', () => {
  const kept = { cameraId: 'a', microphoneId: 'b', quality: '480p' } as const;
  expect(parseChoice(JSON.stringify(kept))).toEqual(kept);
});

test('what cannot be read is forgotten', () => {
  const nothing = { cameraId: undefined, microphoneId: undefined, quality: '720p' };
  for (const text of [null, undefined, '', '{', '7', '[]', '{"cameraId":7,"quality":"9000p"}']) {
    expect(parseChoice(text)).toEqual(nothing);
  }
});
