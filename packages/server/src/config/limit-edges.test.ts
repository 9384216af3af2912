import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accountLimitSettings } from './account-limit-settings.ts';
import { realtimeLimitSettings } from './realtime-limit-settings.ts';
import { streamLimitSettings } from './stream-limit-settings.ts';
import { talkLimitSettings } from './talk-limit-settings.ts';

const SERVER = join(import.meta.dirname, '..');
const ACCOUNTS = 'control/accounts/';
const API = 'api/api-limits.test.ts';
const CHAT = 'control/chat/chat-service.database.test.ts';
const REALTIME = 'realtime/realtime-limits.test.ts';
const PICTURES = 'control/streams/thumbnails/picture-maker.process.test.ts';
const VIEWERS = 'control/viewers/viewer-service.database.test.ts';
const QUESTIONS = 'control/questions/questions.database.test.ts';
const REACTIONS = 'control/reactions/reactions.database.test.ts';

/** Each limit of the control plane, and the test in which what it allows passes and one more does not: file and title. */
const EDGES: Readonly<Record<string, readonly [file: string, title: string]>> = {
  SIGN_INS_PER_ACCOUNT: [`${ACCOUNTS}attempt-limits.test.ts`, '%s: %d pass'],
  SIGN_INS_PER_ADDRESS: [
    `${ACCOUNTS}attempt-limits.test.ts`,
    '%s: %d pass in a window of %d s, and as many in the next',
  ],
  PASSWORD_RESETS_PER_HOUR: [`${ACCOUNTS}attempt-limits.test.ts`, '%s: %d pass in a window of'],
  SIGN_UPS_PER_ADDRESS: [`${ACCOUNTS}attempt-limits.test.ts`, '%s: %d pass in a window of'],
  GUESTS_PER_ADDRESS: [`${ACCOUNTS}attempt-limits.test.ts`, '%s: %d pass in a window of'],
  AUTH_REQUESTS_PER_ADDRESS: [`${ACCOUNTS}attempt-limits.test.ts`, '%s: %d pass in a window of'],
  AUTH_MAX_BODY_BYTES: [`${ACCOUNTS}accounts.database.test.ts`, '16 KB are a body, one byte more is not'],
  API_TOKENS_PER_USER: [
    `${ACCOUNTS}own-account.database.test.ts`,
    '3 are enough where 3 are the limit, also when they are made at once',
  ],
  SESSION_DAYS: [
    `${ACCOUNTS}accounts.database.test.ts`,
    'a session that is used after a day is extended, with its cookie',
  ],
  STEP_UP_SEC: [API, 'a password or passkey is good for five minutes'],
  API_MAX_BODY_BYTES: [API, 'a body for %s has at most %i bytes, else 413'],
  API_MAX_JSON_DEPTH: [API, 'a JSON body has at most 16 levels'],
  API_BODY_TIMEOUT_SEC: [API, 'a body that does not come is 408'],
  API_MAX_UPLOAD_BYTES: [PICTURES, '5 MB is taken, a byte more is not'],
  API_MAX_QUERY_PARAMETERS: [API, 'a query has at most 50 parameters'],
  API_REQUESTS_PER_MINUTE: [API, 'a user has 300 requests a minute, wherever they come from'],
  API_ANONYMOUS_REQUESTS_PER_MINUTE: [API, 'nobody has 60 a minute from one address'],
  API_BAD_TOKENS_PER_MINUTE: [API, 'after 20 bad tokens in a minute the tokens of an address are refused'],
  CHANNELS_PER_USER: [
    'control/channels/channels.database.test.ts',
    'as many as allowed are founded by one user, one more is not',
  ],
  MEMBERS_PER_CHANNEL: [
    'control/channels/channels.database.test.ts',
    'as many as allowed, one more is refused',
  ],
  FOLLOWS_PER_USER: [
    'control/follows/follows.database.test.ts',
    'as many as allowed pass, one more is refused, the same one again is not',
  ],
  REMINDERS_PER_USER: [
    'control/notifications/notifications.database.test.ts',
    'as many as allowed, one more is refused',
  ],
  NOTIFICATION_DAYS: ['control/notifications/notifications.database.test.ts', 'forgotten in the end'],

  CHAT_MESSAGES_PER_SECOND: [CHAT, 'a person: five at once, then three a second'],
  CHAT_BURST: [CHAT, 'a person: five at once, then three a second'],
  CHAT_ROOM_MESSAGES_PER_SECOND: [CHAT, 'a room: so many a second'],
  CHAT_QUEUE_PER_ROOM: [
    'control/chat/chat-writer.test.ts',
    'a room takes so many waiting messages, and all rooms together so many',
  ],
  CHAT_QUEUE: [
    'control/chat/chat-writer.test.ts',
    'a room takes so many waiting messages, and all rooms together so many',
  ],
  CHAT_ANSWER_MS: ['control/chat/chat-writer.test.ts', 'a database that hangs: 503 in time'],
  CHAT_CACHED_PEOPLE: [CHAT, 'is of so many people at most, and is forgotten when an event says so'],
  CHAT_REMEMBERED_PEOPLE: [
    'control/moderation/automod.test.ts',
    'so many people are remembered; for one more, who wrote longest ago is forgotten',
  ],
  CHAT_PINNED: [
    'control/moderation/moderation-service.database.test.ts',
    'five are pinned and the sixth is refused',
  ],
  CHAT_WAITING_ROOM_MIN: [
    CHAT,
    'chat is open while live, and in the waiting room from 30 minutes before the schedule',
  ],
  CHAT_LINKS_AFTER_HOURS: [CHAT, 'links: not for guests nor for accounts younger than a day'],
  QUESTIONS_PER_MINUTE: [QUESTIONS, 'three a minute pass, the fourth is refused'],
  OPEN_QUESTIONS_PER_USER: [QUESTIONS, 'as many as allowed can be open, one more cannot'],
  QUESTION_MAX_LENGTH: [QUESTIONS, '500 code points pass, 501, none and NUL are refused'],
  QUESTION_VOTES_PER_SECOND: [QUESTIONS, 'five a second pass, the sixth is refused'],
  REACTIONS_PER_SECOND: [REACTIONS, 'five a second pass, the sixth is refused'],
  REACTION_MAX_BYTES: [
    'control/reactions/reaction-emoji.test.ts',
    'an emoji of the longest length passes, one byte more is refused',
  ],
  REACTION_QUEUE: [
    REACTIONS,
    'as many as there is room for wait while the database is away, one more is refused',
  ],
  REACTION_ASK_QUEUE: [REACTIONS, 'as many as there is room for wait to be asked about, one more is refused'],
  REACTION_CACHED_PEOPLE: [
    'control/reactions/reaction-admission.test.ts',
    'as many as may be remembered are; with one more all is asked again',
  ],

  STREAMS_PER_BROADCASTER: [
    'control/streams/service.database.test.ts',
    'of the stream above the limit: refused',
  ],
  PUBLISHER_KEYS_REMEMBERED: [
    'control/keys/remembered-keys.database.test.ts',
    'as many as may be remembered are; for one more the longest known is forgotten',
  ],
  PUBLISHER_KEY_MEMORY_SEC: [
    'control/keys/publish-doors.database.test.ts',
    'a key that was good within the hour still is',
  ],
  THUMBNAIL_MAX_PIXELS: [PICTURES, '25 megapixels are taken, a row more is not'],
  THUMBNAIL_MAX_PIXELS_WHOLE: [PICTURES, 'half of that where the whole must be unpacked'],
  THUMBNAIL_MAX_WIDTH: [PICTURES, 'becomes a JPEG of at most 1280 pixels each way'],
  THUMBNAIL_TIMEOUT_MS: [PICTURES, 'a picture that takes too long is given up'],
  THUMBNAILS_AT_ONCE: [PICTURES, 'two at once, so many wait, one more is told to come again'],
  THUMBNAIL_QUEUE: [PICTURES, 'two at once, so many wait, one more is told to come again'],
  VIEWER_SESSIONS: [VIEWERS, 'so many sessions are remembered and no more'],
  VIEWER_SESSIONS_PER_ADDRESS: [VIEWERS, 'an address has so many open and no more'],
  VIEWER_SESSIONS_BURST: [VIEWERS, 'an address begins so many sessions at once, and then one a second'],
  VIEWER_SESSIONS_PER_SECOND: [VIEWERS, 'an address begins so many sessions at once, and then one a second'],
  VIEWER_BEAT_GAP_SEC: [VIEWERS, 'a heartbeat %d ms after the last one counts %d s'],
  VIEWER_SILENT_SEC: [VIEWERS, 'a session that is silent for more than 45 s has left'],
  TELEMETRY_QUEUE: [
    'control/telemetry/telemetry-service.database.test.ts',
    'so many are kept and no more: the oldest go',
  ],
  WATCH_TOKEN_SEC: [
    'control/watching/private-stream.database.test.ts',
    'is refused without, with another stream’s, a forged or an expired one',
  ],
  LIMIT_LOOPBACK: [API, 'this machine’s own requests are not counted, those that a proxy on it sends'],
  ADDRESS_RETENTION_HOURS: [
    'control/viewers/address-retention.database.test.ts',
    "addresses are forgotten 24 h after the stream's end",
  ],
  METRICS_RETENTION_DAYS: [
    'jobs/jobs.database.test.ts',
    'are there from the first month with a day to keep to two months ahead',
  ],

  SOCKETS: [REALTIME, 'so many in all, and not one more'],
  SOCKETS_PER_ADDRESS: [REALTIME, '200 of one address, and not one more'],
  SOCKET_EVENTS_PER_SECOND: [REALTIME, '10 events in a second, and not one more'],
  SOCKET_FRAMES_PER_SECOND: [REALTIME, '100 frames in a second, and not one more'],
  SOCKET_MAX_FRAME_BYTES: [REALTIME, 'a frame of 16 KB, and not one byte more'],
  SOCKET_MAX_UNSENT_BYTES: [REALTIME, 'to a client that does not read is 1 MB at most; then it is cut'],
  SOCKET_HANDSHAKE_SEC: [REALTIME, 'a connection that does not say who it is is cut after the time for it'],
  SOCKET_ROOMS: [REALTIME, '20 rooms, and not one more'],
  SOCKET_PING_SEC: [REALTIME, 'a connection that answers no ping is cut'],
  SOCKET_PING_TIMEOUT_SEC: [REALTIME, 'a connection that answers no ping is cut'],
  SOCKET_RECOVERY_SEC: ['realtime/recovery-log.test.ts', 'for so long, and not longer'],
  SOCKETS_RECOVERABLE: ['realtime/recovery-log.test.ts', 'so many events, and not one more'],
  VIEWER_LEAVE_SEC: [
    'realtime/playbacks.test.ts',
    'a playback whose connection was lost counts for the grace, and not longer',
  ],
  VIEWER_SUM_MS: [
    'realtime/sums.test.ts',
    '10,000 viewers who join within ten seconds make eleven broadcasts, not 10,000',
  ],
  REACTION_SUM_MS: [
    'realtime/sums.test.ts',
    '5,000 a second for ten seconds make at most five broadcasts a second, and none is lost',
  ],
  REACTIONS_TOLD: [
    'realtime/sums.test.ts',
    'the first of an interval are told singly, n of them; the next one is summed',
  ],
};

describe('every limit has a test at its edge', () => {
  const limits = {
    ...accountLimitSettings,
    ...talkLimitSettings,
    ...streamLimitSettings,
    ...realtimeLimitSettings,
  };

  test('none is without, and none is tested that is not there', () => {
    expect(Object.keys(EDGES).toSorted()).toEqual(
      Object.values(limits)
        .map(({ env }) => env)
        .toSorted(),
    );
  });

  test.each(Object.entries(EDGES))('%s', (_env, [file, title]) => {
    expect(readFileSync(join(SERVER, file), 'utf8')).toContain(title);
  });
});
