import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccountServer } from './testing/account-server.ts';

let server: AccountServer;

beforeAll(async () => {
  server = await AccountServer.open();
});

afterAll(async () => {
  await server.close();
});

test('while the tables of sign-in are locked, answers are 503 with Retry-After within two seconds, and good again afterwards', async () => {
  const { cookie } = await server.signUp('anna@live.test');
  const locker = await server.test.database.pool.connect();
  try {
    await locker.query('BEGIN; LOCK TABLE accounts."user", accounts.session IN ACCESS EXCLUSIVE MODE');
    for (const [method, path, body] of [
      ['POST', '/sign-in/email', { email: 'anna@live.test', password: 'correct horse' }],
      ['GET', '/get-session', undefined],
      ['POST', '/sign-in/anonymous', { name: 'Guest' }],
    ] as const) {
      const from = performance.now();
      const answer = await server.auth(method, path, body, { headers: method === 'GET' ? cookie : {} });
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '2']);
      expect(performance.now() - from).toBeLessThan(2000);
    }
  } finally {
    await locker.query('ROLLBACK');
    locker.release();
  }
  await server.signIn('anna@live.test');
});
