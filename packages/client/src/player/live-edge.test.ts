import { describe, expect, test } from 'vitest';
import { LiveEdge } from './live-edge.ts';

describe('LiveEdge', () => {
  test('is left only after 2 s more than 3 s behind, and regained within 1 s', () => {
    const edge = new LiveEdge();
    expect(edge.update(0, 3.5, true)).toBe(true);
    expect(edge.update(1_900, 3.5, true)).toBe(true);
    expect(edge.update(2_000, 3.5, true)).toBe(false);
    expect(edge.update(3_000, 2, true)).toBe(false);
    expect(edge.update(4_000, 0.9, true)).toBe(true);
  });

  test('a viewer who left on purpose is not live, however near', () => {
    const edge = new LiveEdge();
    expect(edge.update(0, 0.1, false)).toBe(false);
    expect(edge.update(100, 0.1, true)).toBe(true);
  });
});
