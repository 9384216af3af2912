import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { ConfigError } from './setting.ts';

describe('limits of people', () => {
  test('arrive where they are enforced', () => {
    const env = {
      PASSKEYS_PER_USER: '14',
      SIGN_INS_AT_ONCE: '15',
      SIGN_INS_WAITING: '0',
      REMEMBERED_ACTORS: '16',
      CREDENTIAL_MAX_CHARS: '257',
      GUEST_RETENTION_DAYS: '17',
      CALENDAR_EVENTS: '18',
      NOTIFICATION_BATCH: '19',
      REMINDER_LATEST_MIN: '20',
      MAILS_AT_ONCE: '21',
    };
    expect(loadConfig([], env).control?.limits).toMatchObject({
      accounts: {
        ...{ passkeysPerUser: 14, signInsAtOnce: 15, signInsWaiting: 0 },
        ...{ rememberedActors: 16, credentialChars: 257, guestRetentionDays: 17 },
      },
      schedule: { events: 18 },
      notifications: { batch: 19, latestMinutes: 20, mailsAtOnce: 21 },
    });
  });

  test.each([
    ['PASSKEYS_PER_USER', 1, 1000],
    ['SIGN_INS_AT_ONCE', 1, 64],
    ['SIGN_INS_WAITING', 0, 100_000],
    ['REMEMBERED_ACTORS', 1, 1_000_000],
    ['CREDENTIAL_MAX_CHARS', 256, 14_000],
    ['GUEST_RETENTION_DAYS', 1, 3650],
    ['CALENDAR_EVENTS', 1, 5000],
    ['NOTIFICATION_BATCH', 1, 10_000],
    ['REMINDER_LATEST_MIN', 0, 1440],
    ['MAILS_AT_ONCE', 1, 64],
  ])('%s is from %i to %i', (name, min, max) => {
    for (const good of [min, max]) expect(() => loadConfig([], { [name]: `${good}` })).not.toThrow();
    for (const bad of [min - 1, max + 1])
      expect(() => loadConfig([], { [name]: `${bad}` })).toThrow(ConfigError);
  });
});
