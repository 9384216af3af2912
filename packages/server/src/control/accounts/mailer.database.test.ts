import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { AccountServer } from './testing/account-server.ts';
import { SmtpSink } from './testing/smtp-sink.ts';

let server: AccountServer;
let sink: SmtpSink;

beforeAll(async () => {
  sink = await SmtpSink.start();
  server = await AccountServer.open({ mail: { smtpUrl: sink.url, from: 'live@live.test' } });
});

afterAll(async () => {
  await server.close();
  await sink.close();
});

/** Makes an account and opens the link of the letter that asks whether the address is theirs. */
async function verified(email: string): Promise<string> {
  const { userId } = await server.signUp(email);
  const link = await vi.waitFor(() => {
    const letter = sink.letters.find((one) => one.includes(`To: ${email}`));
    const path = /\/api\/auth(\/verify-email\?\S+)/.exec(letter ?? '')?.[1];
    if (path === undefined) throw new Error(`no link for ${email}: ${sink.letters.join('\n---\n')}`);
    return path;
  });
  expect((await server.auth('GET', link)).status).toBeLessThan(400);
  return userId;
}

const about = (subject: string) => sink.letters.filter((one) => one.includes(`Subject: ${subject}`));

test('a letter goes to an address that was proven, and to no other', async () => {
  const mailer = server.accounts.mailer();
  const anna = await verified('anna@live.test');
  const { userId: bert } = await server.signUp('bert@live.test');
  await mailer?.send({ userId: anna, subject: 'Live for Anna', text: 'https://live.test/watch/1\n' });
  await mailer?.send({ userId: bert, subject: 'Live for Bert', text: 'x' });
  await mailer?.send({ userId: crypto.randomUUID(), subject: 'Live for nobody', text: 'x' });
  const [letter = ''] = about('Live for Anna');
  expect(letter).toContain('To: anna@live.test');
  expect(letter).toContain('From: live@live.test');
  expect(letter).toContain('https://live.test/watch/1');
  expect(about('Live for Bert')).toEqual([]);
  expect(about('Live for nobody')).toEqual([]);
});

test('who may not sign in gets no letter', async () => {
  const admin = await server.admin();
  const carl = await verified('carl@live.test');
  const answer = await server.api(
    'PATCH',
    `/api/admin/accounts/${carl}`,
    { disabled: true },
    { headers: admin.cookie },
  );
  expect(answer.status).toBe(200);
  await server.accounts.mailer()?.send({ userId: carl, subject: 'Live for Carl', text: 'x' });
  expect(about('Live for Carl')).toEqual([]);
});

test('a line break in a subject makes no header', async () => {
  const dora = await verified('dora@live.test');
  await server.accounts
    .mailer()
    ?.send({ userId: dora, subject: 'Live for Dora\r\nBcc: eve@live.test', text: 'x' });
  const [letter = ''] = about('Live for Dora');
  expect(letter).not.toMatch(/^Bcc:/m);
});

test('a server without mail has no mailer', async () => {
  const silent = await AccountServer.open({});
  expect(silent.accounts.mailer()).toBeUndefined();
  await silent.close();
});

test('a mail server that is gone is the sender’s to know', async () => {
  const gone = await SmtpSink.start();
  const other = await AccountServer.open(
    { mail: { smtpUrl: gone.url, from: 'live@live.test' } },
    server.test,
  );
  const erna = await verified('erna@live.test');
  await gone.close();
  await expect(
    other.accounts.mailer()?.send({ userId: erna, subject: 'Live for Erna', text: 'x' }),
  ).rejects.toThrow(/ECONNREFUSED|closed/i);
  await other.accounts.close();
});
