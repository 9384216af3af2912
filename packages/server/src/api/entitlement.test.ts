import type { Access } from '@tallylight/protocol/route.ts';
import { describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from './actor.ts';
import { refuseUnentitled } from './entitlement.ts';

const user: Actor = { userId: 'u', role: 'user', isGuest: false, by: 'session' };
const guest: Actor = { ...user, isGuest: true };
const admin: Actor = { ...user, role: 'admin' };
const reader: Actor = { ...user, by: 'api-token', scopes: ['read'] };
const writer: Actor = { ...user, by: 'api-token', scopes: ['write'] };

function codeOf(access: Access, actor: Actor, method: 'GET' | 'POST' = 'GET'): string {
  try {
    refuseUnentitled({ access, method }, actor, 0, 0);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('refuseUnentitled', () => {
  test.each<[Access, string, string, string, string]>([
    ['public', 'ok', 'ok', 'ok', 'ok'],
    ['user', 'UNAUTHENTICATED', 'ok', 'ok', 'ok'],
    ['account', 'UNAUTHENTICATED', 'FORBIDDEN', 'ok', 'ok'],
    ['admin', 'UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN', 'ok'],
  ])('%s: nobody %s, a guest %s, an account %s, an administrator %s', (access, ...expected) => {
    expect([NOBODY, guest, user, admin].map((actor) => codeOf(access, actor))).toEqual(expected);
  });

  test('an API token does what its scopes say, even where everybody may', () => {
    expect(codeOf('account', reader)).toBe('ok');
    expect(codeOf('account', reader, 'POST')).toBe('FORBIDDEN');
    expect(codeOf('public', reader, 'POST')).toBe('FORBIDDEN');
    expect(codeOf('account', writer, 'POST')).toBe('ok');
    expect(codeOf('account', writer)).toBe('FORBIDDEN');
    expect(codeOf('admin', { ...reader, role: 'admin' })).toBe('FORBIDDEN');
    expect(codeOf('admin', { ...reader, role: 'admin', scopes: ['admin'] }, 'POST')).toBe('ok');
  });
});
