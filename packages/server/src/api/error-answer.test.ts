import { describe, expect, test } from 'vitest';
import { foreseen } from './error-answer.ts';

/** An error as the driver of the database throws it. */
function databaseError(code: string): Error {
  return Object.assign(new Error('permission denied for table nchat_channels'), { severity: 'ERROR', code });
}

describe('errors of the database', () => {
  test('what the schema refuses is answered with 403, without its words', () => {
    const answer = foreseen(databaseError('42501'));
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(JSON.stringify(answer)).not.toContain('nchat_channels');
  });

  test('any other is unforeseen, and so is that code of anybody else', () => {
    expect(foreseen(databaseError('42703'))).toBeUndefined();
    expect(foreseen(Object.assign(new Error('no'), { code: '42501' }))).toBeUndefined();
  });
});
