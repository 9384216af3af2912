import { DEFAULT_ACCOUNTS_LIMITS } from '../control/accounts/accounts-limits.ts';
import { DEFAULT_NOTIFICATION_LIMITS } from '../control/notifications/notifications-limits.ts';
import { DEFAULT_SCHEDULE_LIMITS } from '../control/streams/schedule/schedule-limits.ts';
import { integer } from './setting.ts';

/** How people sign in, and how they are told of streams: bounds of what the server does for them. */
export const peopleLimitSettings = {
  passkeysPerUser: integer({
    env: 'PASSKEYS_PER_USER',
    default: DEFAULT_ACCOUNTS_LIMITS.passkeysPerUser,
    min: 1,
    max: 1000,
    unit: 'passkeys',
    description: 'Passkeys of one person',
  }),
  signInsAtOnce: integer({
    env: 'SIGN_INS_AT_ONCE',
    default: DEFAULT_ACCOUNTS_LIMITS.signInsAtOnce,
    min: 1,
    max: 64,
    unit: 'sign-ins',
    description: 'Passwords that are hashed at the same time: a core and a database connection each',
  }),
  signInsWaiting: integer({
    env: 'SIGN_INS_WAITING',
    default: DEFAULT_ACCOUNTS_LIMITS.signInsWaiting,
    min: 0,
    max: 100_000,
    unit: 'sign-ins',
    description: 'Sign-ins that wait for their turn; one more is answered with 503',
  }),
  rememberedActors: integer({
    env: 'REMEMBERED_ACTORS',
    default: DEFAULT_ACCOUNTS_LIMITS.rememberedActors,
    min: 1,
    max: 1_000_000,
    unit: 'people',
    description: 'People of whom it is remembered for a moment who they are',
  }),
  credentialChars: integer({
    env: 'CREDENTIAL_MAX_CHARS',
    default: DEFAULT_ACCOUNTS_LIMITS.credentialChars,
    min: 256,
    max: 14_000,
    unit: 'characters',
    description: 'Bearer token of a request, of whatever kind',
  }),
  guestRetentionDays: integer({
    env: 'GUEST_RETENTION_DAYS',
    default: DEFAULT_ACCOUNTS_LIMITS.guestRetentionDays,
    min: 1,
    max: 3650,
    unit: 'days',
    description: 'Guests without a session of whom nothing was seen for so long are removed',
  }),
  calendarEvents: integer({
    env: 'CALENDAR_EVENTS',
    default: DEFAULT_SCHEDULE_LIMITS.events,
    min: 1,
    max: 5000,
    unit: 'events',
    description: 'Events in a channel’s calendar feed',
  }),
  notificationBatch: integer({
    env: 'NOTIFICATION_BATCH',
    default: DEFAULT_NOTIFICATION_LIMITS.batch,
    min: 1,
    max: 10_000,
    unit: 'people',
    description: 'Followers told, or reminders sent, in one transaction',
  }),
  reminderLatestMin: integer({
    env: 'REMINDER_LATEST_MIN',
    default: DEFAULT_NOTIFICATION_LIMITS.latestMinutes,
    min: 0,
    max: 1440,
    unit: 'min',
    description: 'A reminder that could not be sent so long after the stream should have begun is not sent',
  }),
  mailsAtOnce: integer({
    env: 'MAILS_AT_ONCE',
    default: DEFAULT_NOTIFICATION_LIMITS.mailsAtOnce,
    min: 1,
    max: 64,
    unit: 'mails',
    description: 'Mails of notifications handed to the mail server at the same time',
  }),
};
