import { describe, expect, test } from 'vitest';
import { createLogger } from './create-logger.ts';

function logged(format: 'json' | 'pretty', level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = [];
  return { lines, log: createLogger({ level, format }, { write: (line) => lines.push(line) }) };
}

describe('createLogger', () => {
  test('writes the event, its fields and its level as one JSON line', () => {
    const { lines, log } = logged('json');
    log.child({ streamId: 'a' }).warn({ gapMs: 3 }, 'publisher timestamps jumped');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      streamId: 'a',
      gapMs: 3,
      msg: 'publisher timestamps jumped',
    });
  });

  test.each(['json', 'pretty'] as const)(
    '%s: secrets are not written, whatever the field that holds them',
    (format) => {
      const { lines, log } = logged(format);
      log.info(
        { streamKey: 'canary', request: { authorization: 'canary', key: 'canary' }, token: 'canary' },
        'refused',
      );
      log.warn(
        { call: { headers: { cookie: 'canary', authorization: 'canary' } }, resetToken: 'canary' },
        'refused',
      );
      log.child({ streamName: 'canary' }).error({ tcUrl: 'canary' }, 'refused');
      expect(lines.join('')).not.toContain('canary');
      expect(lines.join('')).toContain('[secret]');
    },
  );

  test.each(['json', 'pretty'] as const)(
    '%s: untrusted text can neither begin a line nor reach the terminal',
    (format) => {
      const { lines, log } = logged(format);
      log.info({ app: 'x\r\n{"level":"error"}\u001b[2J\u009b2J' }, 'connected');
      expect(lines).toHaveLength(1);
      expect(lines[0]?.trimEnd()).not.toContain('\n');
      expect(lines[0]).not.toContain('\u001b[2J');
      expect(lines[0]).not.toContain('\u009b');
    },
  );

  test('an error keeps its message and its stack', () => {
    const { lines, log } = logged('json');
    log.error({ error: new RangeError('boom') }, 'failed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { type: 'RangeError', message: 'boom' } });
  });

  test('of a row that the database refused nothing is written', () => {
    const refused = Object.assign(new Error('violates check constraint "ck"'), {
      ...{ code: '23514', table: 'users', constraint: 'ck' },
      ...{
        detail: 'Failing row contains (ann@example.org).',
        where: 'ann@example.org',
        internalQuery: 'ann@example.org',
      },
    });
    for (const name of ['err', 'error', 'cause']) {
      const { lines, log } = logged('json');
      log.warn({ [name]: refused }, 'refused');
      const [line = ''] = lines;
      expect(line).not.toContain('ann@example.org');
      expect(line).toContain('23514');
    }
  });

  test('what is below the level is not written', () => {
    const { lines, log } = logged('json', 'warn');
    log.info({}, 'started');
    expect(lines).toEqual([]);
  });
});
