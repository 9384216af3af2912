import { expect, test } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { mailFor, type NotificationMail, sendAll } from './notification-mail.ts';

/** Gives one mail after the other, then none. */
function mailsTo(...userIds: string[]): () => Promise<NotificationMail | undefined> {
  const mails = userIds.map((userId) => ({ userId, subject: '', text: '' }));
  return async () => mails.shift();
}

test('says what happens where', () => {
  const stream = {
    title: 'Tea',
    channelName: 'Cups',
    scheduledAt: '2026-11-22T10:00:00.000Z',
    url: 'https://x/y',
  };
  expect(mailFor('u', 'live', stream)).toEqual({
    userId: 'u',
    subject: 'Cups is live: Tea',
    text: 'Cups is live: Tea.\n\nhttps://x/y\n',
  });
  expect(mailFor('u', 'scheduled', stream).subject).toBe('Cups will stream at 2026-11-22 10:00 UTC: Tea');
  expect(mailFor('u', 'reminder', stream).text).toBe(
    'Soon on Cups: Tea.\n\nIt begins at 2026-11-22 10:00 UTC.\n\nhttps://x/y\n',
  );
});

test('line breaks of a title make no headers', () => {
  const mail = mailFor('u', 'live', { title: 'a\r\nBcc: all@x', channelName: 'b\u2028c\0d' });
  expect(mail.subject).toBe('b c d is live: a Bcc: all@x');
});

test('a mail that fails keeps none of the others back', async () => {
  const sent: string[] = [];
  const mailer = {
    async send({ userId }: { userId: string }) {
      if (userId === '2') throw new Error('no such mailbox');
      sent.push(userId);
    },
  };
  await sendAll(mailer, mailsTo('1', '2', '3', '4', '5'), { atOnce: 2, log: silentLogger });
  expect(sent.sort()).toEqual(['1', '3', '4', '5']);
});

test('so many mails are under way at once, and not one more', async () => {
  let underWay = 0;
  let most = 0;
  const mailer = {
    async send() {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
    },
  };
  const users = Array.from({ length: 12 }, (_, index) => `${index}`);
  await sendAll(mailer, mailsTo(...users), { atOnce: 3, log: silentLogger });
  expect(most).toBe(3);
});
