import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { configTable } from './config-table.ts';
import { readSettings } from './read-settings.ts';
import { flagOf, type Setting } from './setting.ts';
import { settings } from './settings.ts';

describe('readSettings', () => {
  test('a flag wins over the environment, the environment over the default', () => {
    expect(readSettings([], {}).httpPort).toBe(3000);
    expect(readSettings([], { HTTP_PORT: '4000' }).httpPort).toBe(4000);
    expect(readSettings(['--http-port', '5000'], { HTTP_PORT: '4000' }).httpPort).toBe(5000);
    expect(readSettings(['--http-port=5001'], {}).httpPort).toBe(5001);
  });

  test('an empty variable counts as unset', () => {
    expect(readSettings([], { HTTP_PORT: '' }).httpPort).toBe(3000);
  });

  test('a switch takes no value and can be turned around', () => {
    expect(readSettings(['--no-demo', '--tls-self-signed'], {})).toMatchObject({
      demo: false,
      tlsSelfSigned: true,
    });
    expect(readSettings(['--demo'], { DEMO: 'off' }).demo).toBe(true);
  });

  test.each([
    [
      ['--http-port', '70000'],
      {},
      '--http-port is "70000": it must be a whole number from 0 to 65535 (port)',
    ],
    [['--http-port', '-1'], {}, '--http-port is "-1": it must be a whole number from 0 to 65535 (port)'],
    [
      [],
      { PART_DURATION_MS: '1e3' },
      'PART_DURATION_MS is "1e3": it must be a whole number from 100 to 1000 (ms)',
    ],
    [[], { LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud": it must be one of debug, info, warn, error, silent'],
    [[], { DEMO: 'maybe' }, 'DEMO is "maybe": it must be on or off'],
    [
      [],
      { CPU_BUDGET_CORES: 'many' },
      'CPU_BUDGET_CORES is "many": it must be auto or a number from 0.1 to 1024 (cores)',
    ],
    [['--http-port'], {}, '--http-port needs a value (port)'],
    [['--htttp'], {}, 'unknown argument "--htttp", see npx tallylight help'],
    [['--http-prt', '1'], {}, 'unknown argument "--http-prt", did you mean --http-host?'],
    [['--no-http-port'], {}, 'unknown argument "--no-http-port"'],
    [['watch'], {}, 'unknown argument "watch"'],
  ])('%j with %j is refused in words', (argv, env, message) => {
    expect(() => readSettings(argv, env)).toThrow(message);
  });

  test('a secret is no flag, and is not repeated in an error', () => {
    expect(() => readSettings(['--master-key', 'abc'], {})).toThrow('unknown argument "--master-key"');
    expect(() => loadConfig([], { TALLYLIGHT_MASTER_KEY: 'hunter2' })).toThrow(/^(?!.*hunter2).*32 bytes/);
  });
});

describe('settings', () => {
  const all: readonly Setting<unknown>[] = Object.values(settings);

  test('names and flags are unique', () => {
    expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
    expect(new Set(all.map(({ env }) => flagOf(env))).size).toBe(all.length);
  });

  test.each(all.filter((each) => each.default !== undefined).map((each) => [each.env, each] as const))(
    'the default of %s reads back as itself',
    (_, setting) => {
      expect(setting.parse(setting.show(setting.default))).toEqual(setting.default);
    },
  );

  test.each(all.map((each) => [each.env, each] as const))(
    '%s has a unit and says what it does',
    (_, setting) => {
      expect(setting.unit).not.toBe('');
      expect(setting.description.length).toBeGreaterThan(10);
    },
  );
});

describe('loadConfig', () => {
  test('half a certificate is refused', () => {
    expect(() => loadConfig([], { TLS_CERT: 'a.pem' })).toThrow(
      'TLS_CERT and TLS_KEY belong together, and TLS_KEY is missing',
    );
  });

  test.each([
    [
      { TURN_URLS: 'turn:turn.example.org' },
      'TURN_URLS and TURN_SECRET belong together, and TURN_SECRET is missing',
    ],
    [{ TURN_SECRET: 'x' }, 'TURN_URLS and TURN_SECRET belong together, and TURN_URLS is missing'],
    [
      { TURN_URLS: 'turn:turn.example.org?transport=sctp', TURN_SECRET: 'x' },
      'TURN_URLS="turn:turn.example.org?transport=sctp" must be URLs like turn:host:3478?transport=tcp',
    ],
    [{ STUN_URLS: 'stun.example.org' }, 'STUN_URLS="stun.example.org" must be URLs like stun:host:3478'],
    [{ PUBLIC_IP: '203.0.113.300' }, 'PUBLIC_IP="203.0.113.300" must be an IPv4 or IPv6 address'],
  ])('%o is refused', (env, message) => {
    expect(() => loadConfig([], env)).toThrow(message);
  });

  test('WebRTC is on with its defaults, with TURN when that is told, or off', () => {
    expect(loadConfig([], {}).rtc).toMatchObject({ port: 8189, publicAddresses: [], turn: undefined });
    const env = { TURN_URLS: 'turns:a:443?transport=tcp, turn:a:3478', TURN_SECRET: 's', TURN_TTL_SEC: '60' };
    expect(loadConfig([], env).rtc?.turn).toEqual({
      urls: ['turns:a:443?transport=tcp', 'turn:a:3478'],
      secret: 's',
      ttlSec: 60,
    });
    expect(loadConfig(['--no-rtc'], {}).rtc).toBeUndefined();
  });

  test('a segment longer than the target duration is refused', () => {
    expect(() => loadConfig(['--segment-duration-ms', '4000'], {})).toThrow(
      'SEGMENT_DURATION_MS=4000 is longer than TARGET_DURATION_SEC=3 allows',
    );
  });

  test('seconds become the milliseconds that timers take', () => {
    const config = loadConfig(['--reconnect-window-sec', '5', '--rtmp-idle-timeout-sec', '3'], {});
    expect(config.pipeline.reconnectWindowMs).toBe(5000);
    expect(config.rtmp.limits.idleTimeoutMs).toBe(3000);
  });

  test('TLS is off, from files, or self-signed', () => {
    expect(loadConfig([], {}).tls).toBeUndefined();
    expect(loadConfig(['--tls-self-signed'], {}).tls).toEqual({ source: 'self-signed' });
    expect(loadConfig([], { TLS_CERT: '/c.pem', TLS_KEY: '/k.pem' }).tls).toEqual({
      source: 'files',
      certPath: '/c.pem',
      keyPath: '/k.pem',
    });
  });
});

describe('configTable', () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const table = configTable(readSettings(['--http-port', '4000'], { TALLYLIGHT_MASTER_KEY: key }));

  test('has a line for each setting', () => {
    expect(
      table
        .split('\n')
        .slice(2)
        .map((line) => line.split(' ')[0]),
    ).toEqual(Object.values(settings).map(({ env }) => env));
  });

  test('stars what differs from its default and masks secrets', () => {
    expect(table).toMatch(/^HTTP_PORT +4000 \* +3000 +port/m);
    expect(table).toMatch(/^TALLYLIGHT_MASTER_KEY +\*{8} /m);
    expect(table).not.toContain(key);
  });
});
