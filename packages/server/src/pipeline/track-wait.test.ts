import { describe, expect, test } from 'vitest';
import { TrackWait } from './track-wait.ts';

describe('TrackWait', () => {
  test('begins at once when both tracks are there', () => {
    const wait = new TrackWait(300);
    wait.see('video', 0);
    expect(wait.decide(0)).toBeUndefined();
    wait.see('audio', 1);
    expect(wait.decide(1)).toEqual({ video: true, audio: true });
  });

  test('begins at once with the only track that was announced', () => {
    const wait = new TrackWait(300);
    wait.expect({ video: true, audio: false });
    wait.see('video', 0);
    expect(wait.decide(0)).toEqual({ video: true, audio: false });
  });

  test('waits 0.3 s for a second track that nobody announced', () => {
    const wait = new TrackWait(300);
    wait.see('video', 1000);
    expect(wait.decide(1299)).toBeUndefined();
    expect(wait.decide(1300)).toEqual({ video: true, audio: false });
  });

  test('waits long for announced video: a stream of sound would show no picture', () => {
    const wait = new TrackWait(300);
    wait.expect({ video: true, audio: true });
    wait.see('audio', 0);
    expect(wait.decide(7999)).toBeUndefined();
    expect(wait.decide(8000)).toEqual({ video: false, audio: true });
  });

  test('waits a second for announced audio, then silence stands in', () => {
    const wait = new TrackWait(300);
    wait.expect({ video: true, audio: true });
    wait.see('video', 0);
    expect(wait.decide(999)).toBeUndefined();
    expect(wait.decide(1000)).toEqual({ video: true, audio: false });
  });

  test('begins at once with announced audio that is known before it comes', () => {
    const wait = new TrackWait(300, true);
    wait.expect({ video: true, audio: true });
    wait.see('video', 0);
    expect(wait.decide(0)).toEqual({ video: true, audio: false });
  });
});
