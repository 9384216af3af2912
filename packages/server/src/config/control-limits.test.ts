import { describe, expect, test } from 'vitest';
import { DEFAULT_API_LIMITS } from '../api/api-limits.ts';
import { DEFAULT_ACCOUNTS_LIMITS } from '../control/accounts/accounts-limits.ts';
import { DEFAULT_CHANNEL_LIMITS } from '../control/channels/channels-limits.ts';
import { DEFAULT_CHAT_LIMITS } from '../control/chat/chat-limits.ts';
import { DEFAULT_FOLLOW_LIMITS } from '../control/follows/follows-limits.ts';
import { DEFAULT_KEYS_LIMITS } from '../control/keys/keys-limits.ts';
import { DEFAULT_NOTIFICATION_LIMITS } from '../control/notifications/notifications-limits.ts';
import { DEFAULT_QUESTION_LIMITS } from '../control/questions/questions-limits.ts';
import { DEFAULT_REACTION_LIMITS } from '../control/reactions/reactions-limits.ts';
import { DEFAULT_SCHEDULE_LIMITS } from '../control/streams/schedule/schedule-limits.ts';
import { DEFAULT_STREAMS_LIMITS } from '../control/streams/streams-limits.ts';
import { DEFAULT_THUMBNAILS_LIMITS } from '../control/streams/thumbnails/thumbnails-limits.ts';
import { DEFAULT_TELEMETRY_LIMITS } from '../control/telemetry/telemetry-limits.ts';
import { DEFAULT_VIEWERS_LIMITS } from '../control/viewers/viewers-limits.ts';
import { DEFAULT_WATCHING_LIMITS } from '../control/watching/watching-limits.ts';
import { DEFAULT_REALTIME_LIMITS } from '../realtime/realtime-limits.ts';
import { loadConfig } from './config.ts';
import { controlLimitSettings } from './control-limit-settings.ts';
import type { Setting } from './setting.ts';

/** What each feature of the control plane has as limits. */
const FEATURES: Readonly<Record<string, object>> = {
  accounts: DEFAULT_ACCOUNTS_LIMITS,
  api: DEFAULT_API_LIMITS,
  channels: DEFAULT_CHANNEL_LIMITS,
  chat: DEFAULT_CHAT_LIMITS,
  follows: DEFAULT_FOLLOW_LIMITS,
  keys: DEFAULT_KEYS_LIMITS,
  notifications: DEFAULT_NOTIFICATION_LIMITS,
  questions: DEFAULT_QUESTION_LIMITS,
  reactions: DEFAULT_REACTION_LIMITS,
  realtime: DEFAULT_REALTIME_LIMITS,
  schedule: DEFAULT_SCHEDULE_LIMITS,
  streams: DEFAULT_STREAMS_LIMITS,
  telemetry: DEFAULT_TELEMETRY_LIMITS,
  thumbnails: DEFAULT_THUMBNAILS_LIMITS,
  viewers: DEFAULT_VIEWERS_LIMITS,
  watching: DEFAULT_WATCHING_LIMITS,
};

/** How we work with the database, and what the contract says: nothing that a client can cause, so nothing to set. */
const DESIGN: ReadonlySet<string> = new Set([
  ...['chat.batchSize', 'chat.lanes', 'chat.cacheMs', 'chat.totalsMs'],
  ...['reactions.flushMs', 'reactions.batchRows', 'reactions.admissionMs'],
  ...['realtime.batchAbovePerSecond', 'realtime.batchMs', 'realtime.reviewMs'],
  ...['streams.heartbeatMs', 'streams.restartGraceMs', 'streams.retryMs'],
  ...['telemetry.sampleEveryMs', 'telemetry.rowsPerStatement'],
  ...['viewers.writeEveryMs', 'viewers.countEveryMs', 'viewers.rowsPerStatement'],
  ...['watching.keepEndedMs', 'watching.retryMs'],
]);

const all: readonly Setting<unknown>[] = Object.values(controlLimitSettings);
const numbers = Object.values(controlLimitSettings).filter((each) => typeof each.default === 'number');

/** Every limit as `feature.name`, with its value where the settings say one. */
function limitsOf(env: Record<string, string>): Map<string, unknown> {
  const limits = loadConfig([], env).control?.limits ?? {};
  return new Map(
    Object.entries(limits).flatMap(([feature, values]) =>
      Object.entries(values ?? {}).map(([name, value]) => [`${feature}.${name}`, value] as const),
    ),
  );
}

describe('limits of the control plane', () => {
  test('each is a setting with the feature’s own default, but for what is design', () => {
    const set = limitsOf({});
    const expected = Object.entries(FEATURES).flatMap(([feature, limits]) =>
      Object.entries(limits).map(([name, value]) => [`${feature}.${name}`, value] as const),
    );
    const wrong = expected.filter(([name, value]) => !DESIGN.has(name) && set.get(name) !== value);
    expect(wrong).toEqual([]);
    expect([...DESIGN].filter((name) => !expected.some(([each]) => each === name) || set.has(name))).toEqual(
      [],
    );
    expect([...set.keys()].filter((name) => !expected.some(([each]) => each === name))).toEqual([]);
  });

  test.each(all.map((each) => [each.env, each] as const))(
    '%s arrives where it is enforced',
    (env, setting) => {
      const other = typeof setting.default === 'boolean' ? !setting.default : between(setting);
      const changed = loadConfig([], { [env]: setting.show(other) }).control;
      expect(changed).not.toEqual(loadConfig([], {}).control);
    },
  );

  test.each(numbers.map((each) => [each.env, each] as const))(
    '%s: its bounds pass, one below and one above is refused',
    (env, setting) => {
      const [, min = '', max = ''] = /from (\d+) to (\d+)/.exec(refusal(setting, 'x')) ?? [];
      expect([min, max].map((text) => setting.parse(text))).toEqual([Number(min), Number(max)]);
      for (const beyond of [Number(min) - 1, Number(max) + 1])
        expect(() => loadConfig([], { [env]: String(beyond) })).toThrow(`from ${min} to ${max}`);
    },
  );
});

/** A value that is not the default, within the bounds. */
function between(setting: Setting<unknown>): number {
  const [, min, max] = /from (\d+) to (\d+)/.exec(refusal(setting, 'x')) ?? [];
  return Number(setting.default) === Number(max) ? Number(min) : Number(max);
}

function refusal(setting: Setting<unknown>, text: string): string {
  try {
    setting.parse(text);
    return '';
  } catch (error) {
    return String(error);
  }
}
