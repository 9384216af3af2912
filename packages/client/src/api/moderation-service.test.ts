import { expect, test } from 'vitest';
import { createModerationService, getModerationService } from './moderation-service.ts';

/** A service before a server of prepared answers, and the requests that this got. */
function serviceBefore(...answers: [status: number, body: unknown][]) {
  const requests: string[] = [];
  const fake: typeof fetch = async (url, init = {}) => {
    const address = url instanceof Request ? url.url : `${url}`;
    requests.push(`${init.method} ${address}${typeof init.body === 'string' ? ` ${init.body}` : ''}`);
    const [status, answer] = answers.shift() ?? [200, {}];
    return new Response(JSON.stringify(answer), { status, headers: { 'Content-Type': 'application/json' } });
  };
  return { requests, service: createModerationService({ client: { fetch: fake, retries: 0 } }) };
}

test('calls the routes of moderation, and sends nobody’s id but the person’s', async () => {
  const { requests, service } = serviceBefore();
  await service.banUser('s', 'u', 'm', 'rude', false, 5);
  await service.banUser('s', 'u', 'm');
  await service.unbanUser('s', 'u', 'm');
  await service.timeoutUser('s', 'u', 'm', 30);
  await service.removeTimeout('s', 'u', 'm');
  await service.removeModerator('s', 'u', 'm');
  await service.setChatMode('s', 'followers', 'm');
  await service.setSlowMode('s', 10, 'm');
  await service.setFollowerOnlyMode('s', true, 'm');
  await service.setSubscriberOnlyMode('s', false, 'm');
  await service.configureAutoMod('s', { enabled: true }, 'm');
  await service.checkMessage('s', 'u', 'hi');
  await service.getModerationLogs('s', { action: 'ban' });
  expect(requests).toEqual([
    'POST /api/streams/s/bans {"userId":"u","reason":"rude","durationMinutes":5}',
    'POST /api/streams/s/bans {"userId":"u"}',
    'DELETE /api/streams/s/bans/u',
    'POST /api/streams/s/timeouts {"userId":"u","durationSeconds":30}',
    'DELETE /api/streams/s/timeouts/u',
    'DELETE /api/streams/s/moderators/u',
    'PATCH /api/streams/s/chat/settings {"mode":"followers"}',
    'PATCH /api/streams/s/chat/settings {"slowModeSeconds":10}',
    'PATCH /api/streams/s/chat/settings {"followerOnly":true}',
    'PATCH /api/streams/s/chat/settings {"subscriberOnly":false}',
    'PATCH /api/streams/s/automod {"enabled":true}',
    'POST /api/streams/s/automod/check {"content":"hi"}',
    'GET /api/streams/s/moderation/log?limit=100&action=ban',
  ]);
});

test('finds moderators and the banned, also behind the first page', async () => {
  const others = Array.from({ length: 100 }, (_, i) => ({ userId: `x${i}` }));
  const { service } = serviceBefore(
    [200, [{ userId: 'u', permissions: { canBanUsers: true } }]],
    [200, []],
    [200, others],
    [200, [{ userId: 'u' }]],
    [200, others],
    [200, []],
  );
  expect(await service.getModeratorPermissions('s', 'u')).toEqual({ canBanUsers: true });
  expect(await service.isModerator('s', 'u')).toBe(false);
  expect(await service.isUserBanned('s', 'u')).toBe(true);
  expect(await service.isUserBanned('s', 'u')).toBe(false);
});

test('says in nchat’s words what is so already', async () => {
  const { service } = serviceBefore([409, { code: 'CONFLICT' }], [409, { code: 'CONFLICT' }]);
  await expect(service.addModerator('s', 'u', 'm')).rejects.toThrow('User is already a moderator');
  await expect(service.banUser('s', 'u', 'm')).rejects.toThrow('User is already banned');
  expect(getModerationService()).toBe(getModerationService());
});
