import { expect, test } from 'vitest';
import { SignInClient } from './sign-in-client.ts';

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

function clientWith(...answers: (Response | Error)[]): { client: SignInClient; sent: string[] } {
  const sent: string[] = [];
  const fake = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    sent.push([init.method, url, init.body].filter((part) => typeof part === 'string').join(' '));
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer was prepared');
    return answer;
  };
  return { client: new SignInClient({ fetch: fake }), sent };
}

test('each method asks for its path with the body that the library takes', async () => {
  const { client, sent } = clientWith(...Array.from({ length: 7 }, () => json([])));
  await client.passkeys();
  await client.registrationOptions();
  await client.addPasskey({ id: 'c' }, 'My phone');
  await client.removePasskey('p');
  await client.authenticationOptions();
  await client.signInWithPasskey({ id: 'c' });
  await client.changePassword('old', 'new one');
  expect(sent).toEqual([
    'GET /api/auth/passkey/list-user-passkeys',
    'GET /api/auth/passkey/generate-register-options',
    'POST /api/auth/passkey/verify-registration {"response":{"id":"c"},"name":"My phone"}',
    'POST /api/auth/passkey/delete-passkey {"id":"p"}',
    'GET /api/auth/passkey/generate-authenticate-options',
    'POST /api/auth/passkey/verify-authentication {"response":{"id":"c"}}',
    'POST /api/auth/change-password {"currentPassword":"old","newPassword":"new one"}',
  ]);
});

test('a refusal is an error of its code, and no answer is UNAVAILABLE', async () => {
  const { client } = clientWith(
    json({ code: 'STEP_UP_REQUIRED', message: 'type the password again' }, 401),
    new TypeError('fetch failed'),
  );
  await expect(client.removePasskey('p')).rejects.toMatchObject({
    code: 'STEP_UP_REQUIRED',
    message: 'type the password again',
  });
  await expect(client.passkeys()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
