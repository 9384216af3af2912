import { describe, expect, test } from 'vitest';
import { insecurePageError, mediaAccessError, StreamClientError } from './stream-client-error.ts';

function thrown(name: string): Error {
  const error = new Error('by the browser');
  error.name = name;
  return error;
}

describe('mediaAccessError', () => {
  test.each([
    ['NotAllowedError', 'camera', /blocks the camera/],
    ['NotAllowedError', 'microphone', /blocks the microphone/],
    ['NotAllowedError', 'screen', /not shared/],
    ['NotFoundError', 'camera', /No camera found/],
    ['OverconstrainedError', 'camera', /This camera is gone/],
    ['OverconstrainedError', 'microphone', /This microphone is gone/],
    ['NotReadableError', 'camera', /Another app is using this camera/],
    ['NotReadableError', 'microphone', /Another app is using this microphone/],
    ['TypeError', 'microphone', /microphone could not be opened/],
  ] as const)('%s of the %s in words', (name, device, words) => {
    const error = mediaAccessError(thrown(name), device);
    expect(error.message).toMatch(words);
    expect(error).toMatchObject({ code: 'MEDIA_ACCESS_DENIED', recoverable: true });
    expect(error.detail).toBe(`${name}: by the browser`);
  });

  test('an error that has its words keeps them', () => {
    const first = new StreamClientError('QUALITY_CHANGE_FAILED', 'No.', { recoverable: false });
    expect(mediaAccessError(first, 'camera')).toBe(first);
  });

  test('the code says which action failed', () => {
    expect(mediaAccessError(thrown('NotReadableError'), 'camera', 'CAMERA_SWITCH_FAILED').code).toBe(
      'CAMERA_SWITCH_FAILED',
    );
  });
});

test('a page without HTTPS is told its address with HTTPS', () => {
  expect(insecurePageError('http://live.example/studio').message).toContain('https://live.example/studio');
});
