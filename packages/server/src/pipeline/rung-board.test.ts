import { describe, expect, test } from 'vitest';
import { unit, videoTrack } from '../packager/testing/source.ts';
import { RungBoard } from './rung-board.ts';

/** Watches a board and writes down what it hears. */
function listen(board: RungBoard): string[] {
  const heard: string[] = [];
  board.watch({
    onTrack: (id, track) => heard.push(`${id} ${track.width}`),
    onUnit: (id, { pts }) => heard.push(`${id} @${pts}`),
    onRemoved: (id) => heard.push(`${id} removed`),
    onPlanned: () => heard.push(`planned ${board.planned?.join(' ')}`),
  });
  return heard;
}

describe('RungBoard', () => {
  test('tells a watcher what there is since the last keyframe, and all that follows', () => {
    const board = new RungBoard();
    const sink = board.open();
    expect(board.planned).toBeUndefined();
    sink.plan(['720p']);
    expect(board.planned).toEqual(['720p']);
    sink.track('720p', videoTrack);
    for (const ms of [0, 40]) sink.unit('720p', unit('video', ms, { key: ms === 0 }));
    sink.unit('720p', unit('video', 80, { key: true }));
    const heard = listen(board);
    sink.unit('720p', unit('video', 120));
    expect(heard).toEqual(['720p 1280', '720p @80', '720p @120']);
  });

  test('an older encoder counts until the newer one delivers, and no longer', () => {
    const board = new RungBoard();
    const old = board.open();
    old.plan(['720p', '480p']);
    old.track('720p', videoTrack);
    const heard = listen(board);
    const next = board.open();
    old.unit('720p', unit('video', 0, { key: true }));
    next.plan(['720p']);
    old.unit('720p', unit('video', 40));
    next.track('720p', { ...videoTrack, width: 960 });
    old.unit('720p', unit('video', 80));
    next.unit('720p', unit('video', 120, { key: true }));
    expect(heard).toEqual(['720p 1280', '720p @0', 'planned 720p', '720p @40', '720p 960', '720p @120']);
  });

  test('a rung that is planned no more is removed', () => {
    const board = new RungBoard();
    const sink = board.open();
    sink.plan(['720p', '480p']);
    sink.track('720p', videoTrack);
    sink.track('480p', videoTrack);
    const heard = listen(board);
    sink.plan(['480p']);
    expect(heard.slice(-2)).toEqual(['720p removed', 'planned 480p']);
    expect(listen(board)).toEqual(['480p 1280']);
  });

  test('who stops watching hears nothing more', () => {
    const board = new RungBoard();
    const heard: string[] = [];
    const stop = board.watch({
      onTrack: (id) => heard.push(id),
      onUnit: () => {},
      onRemoved: () => {},
      onPlanned: () => {},
    });
    stop();
    board.open().track('720p', videoTrack);
    expect(heard).toEqual([]);
  });
});
