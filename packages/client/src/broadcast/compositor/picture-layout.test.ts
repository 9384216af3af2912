import { expect, test } from 'vitest';
import { fitWithin, insetPlace } from './picture-layout.ts';

const canvas = { width: 1280, height: 720 };

test('a picture of the same shape fills the canvas', () => {
  expect(fitWithin(canvas, { width: 1920, height: 1080 })).toEqual({ x: 0, y: 0, width: 1280, height: 720 });
});

test('a portrait picture stands in the middle, whole', () => {
  expect(fitWithin(canvas, { width: 1080, height: 1920 })).toEqual({ x: 437, y: 0, width: 406, height: 720 });
});

test('the inset sits bottom right, and never leaves the canvas', () => {
  const place = insetPlace(canvas, { width: 640, height: 480 });
  expect(place).toEqual({ x: 1008, y: 510, width: 250, height: 188 });
  for (const shape of [
    { width: 9_000, height: 100 },
    { width: 100, height: 9_000 },
  ]) {
    const at = insetPlace(canvas, shape);
    expect(at.x).toBeGreaterThan(0);
    expect(at.y).toBeGreaterThan(0);
    expect(at.x + at.width).toBeLessThan(canvas.width);
    expect(at.y + at.height).toBeLessThan(canvas.height);
  }
});
