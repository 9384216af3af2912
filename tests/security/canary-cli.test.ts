import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settings } from '../../packages/server/src/config/settings.ts';
import { secretsIn } from '../support/secret-spellings.ts';

const BIN = join(import.meta.dirname, '../../packages/server/bin/tallylight.mjs');
const key = (fill: string): string => Buffer.from(fill.repeat(32).slice(0, 32)).toString('base64');

/** Every secret that a setting may hold, as an operator would give it. Nothing listens where the URLs point. */
const SECRETS: Readonly<Record<string, string>> = {
  TALLYLIGHT_MASTER_KEY: key('canary-master-'),
  TALLYLIGHT_OLD_MASTER_KEYS: `${key('canary-older-')},${key('canary-oldest-')}`,
  DATABASE_URL: 'postgres://canary:sings-in-the-mine@127.0.0.1:9/canary',
  AUTH_JWT_SECRET: 'a canary that signs tokens of a host app',
  OIDC_CLIENT_SECRET: 'a canary that signs in with OpenID',
  SMTP_URL: 'smtp://canary:sings-letters@127.0.0.1:9',
  METRICS_TOKEN: 'a-canary-that-opens-figures',
  TURN_SECRET: 'a canary that relays media',
};
/** What goes with them. */
const OTHERS = {
  AUTH_JWT_ISSUER: 'https://app.example',
  AUTH_JWT_AUDIENCE: 'live',
  OIDC_ISSUER: 'https://id.example',
  OIDC_CLIENT_ID: 'us',
  MAIL_FROM: 'live@example.org',
  TURN_URLS: 'turn:turn.example:3478',
};
/** What must be nowhere: of URLs the password, which is what is secret of them. */
const canaries = new Map([
  ...Object.entries(SECRETS).flatMap(([name, value]) =>
    value.split(',').map((each, at) => [`${name} ${at}`, each] as const),
  ),
  ['password of the database', 'sings-in-the-mine'],
  ['password of the mail server', 'sings-letters'],
]);

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tallylight-test-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** What a command prints on both of its outputs, and whether it was content. */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ text: string; code: number }> {
  return new Promise((resolve) => {
    const all = {
      ...process.env,
      HTTP_PORT: '0',
      RTMP_PORT: '0',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'debug',
      ...env,
    };
    execFile(process.execPath, [BIN, ...args], { env: all, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ text: stdout + stderr, code: Number(error?.code ?? 0) }),
    );
  });
}

const leaks = (text: string): readonly string[] => secretsIn(text, canaries);

describe('secrets of settings', () => {
  test('are all those that settings call secret', () => {
    const secret = Object.values(settings).filter((each) => 'secret' in each && each.secret);
    expect(Object.keys(SECRETS).toSorted()).toEqual(secret.map(({ env }) => env).toSorted());
  });

  test('are not in what config prints', async () => {
    const { text, code } = await run(['config'], { ...SECRETS, ...OTHERS });
    expect(code).toBe(0);
    expect(text).toContain('METRICS_TOKEN');
    expect(leaks(text)).toEqual([]);
  });

  test.each(['doctor', 'migrate --status', 'account list', 'serve'])(
    'are not in what %s prints where the database cannot be reached',
    async (command) => {
      const args = command.split(' ');
      const { text } = await run(args, {
        ...SECRETS,
        ...OTHERS,
        ...(args[0] === 'serve' ? { DATA_DIR: '/dev/null/x' } : {}),
      });
      expect(text.length).toBeGreaterThan(20);
      expect(leaks(text)).toEqual([]);
    },
  );

  test.each(Object.keys(SECRETS))('%s is not repeated when it is no good', async (name) => {
    const bad = name === 'DATABASE_URL' ? 'mysql://canary:sings-in-the-mine@x/y' : 'canary-bird';
    const { text } = await run(['config'], { [name]: bad });
    expect(text).not.toMatch(/canary-bird|sings-in-the-mine/);
  });
});
