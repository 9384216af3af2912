import { defineRoute } from '@tallylight/protocol/route.ts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { silentLogger } from '../platform/logger.ts';
import { AnswerMismatch, encodeAnswer } from './encode-answer.ts';

const SECRET = 'canary-8f2c';
const person = z.object({ id: z.string(), name: z.string().optional() });
const route = defineRoute({
  ...{ method: 'GET', path: '/api/x', operation: 'x', access: 'public', tag: 't', summary: 's' },
  response: z.object({
    title: z.string(),
    count: z.number().nullable(),
    owner: person.optional(),
    people: z.array(person),
    kind: z.enum(['a', 'b']).optional(),
  }),
});

const good = { title: 't', count: 1, people: [{ id: '1' }] };
const encode = (value: unknown, strict = false): unknown => {
  const logged: unknown[] = [];
  const log = { ...silentLogger, error: (...said: unknown[]) => logged.push(said) } as never;
  const answer = encodeAnswer(route, value, { strict, log });
  expect(JSON.stringify([answer, logged])).not.toContain(SECRET);
  return answer;
};

describe('an answer', () => {
  test('has no member that its schema does not name', () => {
    expect(encode({ ...good, secret: SECRET, owner: { id: '1', email: SECRET } })).toEqual({
      ...good,
      owner: { id: '1' },
    });
  });

  test.each([
    ['a null column', { title: null }, { title: null }],
    ['a member that is missing', { title: undefined }, {}],
    ['a null list', { people: null }, { people: null }],
    [
      'a null column deep inside',
      { people: [{ id: null, name: 'n', email: SECRET }] },
      { people: [{ id: null, name: 'n' }] },
    ],
    ['a null owner', { owner: null }, { owner: null }],
  ])('that is not of its schema for %s is cut all the same', (_, wrong, kept) => {
    const { title, people, ...rest } = good;
    const before = {
      ...('title' in kept || 'title' in wrong ? {} : { title }),
      ...('people' in kept ? {} : { people }),
    };
    expect(encode({ ...good, ...wrong, secret: SECRET })).toEqual({ ...rest, ...before, ...kept });
  });

  test.each([
    ['text for a number', { count: SECRET }],
    ['an object for text', { title: { secret: SECRET } }],
    ['an object for a list', { people: { secret: SECRET } }],
    ['another word than those of a list', { kind: SECRET }],
    ['a row in place of another, deep inside', { people: [{ id: { secret: SECRET } }] }],
  ])('with %s is none', (_, wrong) => {
    expect(() => encode({ ...good, ...wrong })).toThrow(AnswerMismatch);
  });

  test('of tests is none for any fault', () => {
    expect(() => encode({ ...good, title: null }, true)).toThrow(AnswerMismatch);
  });
});
