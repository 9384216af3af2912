import { describe, expect, test } from 'vitest';
import { Store } from './store.ts';

describe('Store', () => {
  test('tells listeners of a change, with a new frozen snapshot', () => {
    const store = new Store({ rate: 1, muted: false });
    const seen: number[] = [];
    const before = store.get();
    store.subscribe((state) => seen.push(state.rate));
    store.commit({ rate: 1.1 });
    expect(seen).toEqual([1.1]);
    expect(store.get()).not.toBe(before);
    expect(Object.isFrozen(store.get())).toBe(true);
  });

  test('says nothing when nothing changed', () => {
    const store = new Store({ rate: 1 });
    let calls = 0;
    store.subscribe(() => {
      calls += 1;
    });
    store.commit({ rate: 1 });
    expect(calls).toBe(0);
  });

  test('a listener that left hears no more, even when it leaves during a change', () => {
    const store = new Store({ rate: 1 });
    let calls = 0;
    const leave = store.subscribe(() => {
      calls += 1;
      leave();
    });
    store.commit({ rate: 2 });
    store.commit({ rate: 3 });
    expect(calls).toBe(1);
  });
});
