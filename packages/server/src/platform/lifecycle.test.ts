import { describe, expect, test } from 'vitest';
import { Lifecycle } from './lifecycle.ts';
import { silentLogger } from './logger.ts';

describe('Lifecycle', () => {
  test('closes the last opened first, also when one fails, and only once', async () => {
    const closed: string[] = [];
    const lifecycle = new Lifecycle(silentLogger);
    const part = (name: string) => ({ close: async () => void closed.push(name) });
    lifecycle.own('first', part('first'));
    lifecycle.own('broken', { close: () => Promise.reject(new Error('broken')) });
    lifecycle.own('last', part('last'));
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(closed).toEqual(['last', 'first']);
  });
});
