import { afterEach, expect, test, vi } from 'vitest';
import { IceServers } from './ice-servers.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const ONE = { iceServers: [{ urls: 'stun:s.example' }] };

/** Gives these answers one after the other; counts the requests. */
function server(...answers: (() => Response)[]): { readonly asked: () => number } {
  const fetching = vi.fn(() => {
    const next = answers.shift();
    return next === undefined ? Promise.reject(new TypeError('no answer')) : Promise.resolve(next());
  });
  vi.stubGlobal('fetch', fetching);
  return { asked: () => fetching.mock.calls.length };
}

test('an answer is remembered for a minute', async () => {
  const { asked } = server(
    () => Response.json(ONE),
    () => Response.json({ iceServers: [] }),
  );
  const servers = new IceServers('/api/ice-servers');
  expect(await servers.get(0)).toEqual([{ urls: ['stun:s.example'] }]);
  expect(await servers.get(60_000)).toEqual([{ urls: ['stun:s.example'] }]);
  expect(asked()).toBe(1);
  expect(await servers.get(60_001)).toEqual([]);
});

test('no answer and a refusal mean no servers, and are not remembered', async () => {
  const { asked } = server(
    () => new Response('', { status: 503 }),
    () => new Response('no JSON'),
    () => Response.json(ONE),
  );
  const servers = new IceServers('/api/ice-servers');
  expect(await servers.get(0)).toEqual([]);
  expect(await servers.get(1)).toEqual([]);
  expect(await servers.get(2)).toEqual([{ urls: ['stun:s.example'] }]);
  expect(asked()).toBe(3);
});

test('two connections at once ask once', async () => {
  const { asked } = server(() => Response.json(ONE));
  const servers = new IceServers('/api/ice-servers');
  const both = await Promise.all([servers.get(0), servers.get(0)]);
  expect(both[0]).toEqual(both[1]);
  expect(asked()).toBe(1);
});
