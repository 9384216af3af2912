import { describe, expect, test, vi } from 'vitest';
import { fetchMe, nextPath } from './session.ts';

describe('who is signed in', () => {
  const answer = (body: unknown, init?: ResponseInit): ReturnType<typeof vi.fn> => {
    const asked = vi.fn(() => Promise.resolve(Response.json(body, init)));
    vi.stubGlobal('fetch', asked);
    return asked;
  };

  test('is asked where nobody is no error', async () => {
    const asked = answer({ me: null });
    expect(await fetchMe()).toBeUndefined();
    expect(asked).toHaveBeenCalledExactlyOnceWith('/api/session', { cache: 'no-store' });
  });

  test('is somebody with a name, or without', async () => {
    answer({ me: { id: 'a', displayName: 'Anna', isGuest: false, role: 'admin' } });
    expect(await fetchMe()).toEqual({ id: 'a', displayName: 'Anna', isGuest: false, role: 'admin' });
    answer({ me: { id: 'b', displayName: null, isGuest: true, role: 'user' } });
    expect(await fetchMe()).toEqual({ id: 'b', displayName: 'You', isGuest: true, role: 'user' });
  });

  test('is nobody where there are no accounts, or the server is away', async () => {
    answer({ error: 'no' }, { status: 404 });
    expect(await fetchMe()).toBeUndefined();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('away')));
    expect(await fetchMe()).toBeUndefined();
  });
});

test.each([
  ['?next=/watch/abc', '/watch/abc'],
  ['?next=/studio%3Fx=1', '/studio?x=1'],
  ['', '/'],
  ['?next=//evil.example/x', '/'],
  ['?next=/%5Cevil.example', '/'],
  ['?next=https://evil.example', '/'],
  ['?next=javascript:alert(1)', '/'],
])('after signing in with %s the page is %s', (search, path) => {
  expect(nextPath(search)).toBe(path);
});
