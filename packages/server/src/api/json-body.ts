import { liveError } from '@tallylight/protocol/errors.ts';

/** RFC 8259 §11 has no charset parameter; UTF-8 is what it always is, so saying so is no harm. Nothing else is JSON to us. */
const JSON_TYPE = /^application\/json(?:[ \t]{0,4};[ \t]{0,4}charset=(?:utf-8|"utf-8"))?$/i;

/** True for the one media type that is parsed as JSON. Whatever looks like it and is not must never be let through unparsed. */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.length <= 64 && JSON_TYPE.test(contentType);
}

/**
 * Reads a body of JSON. Throws INVALID_REQUEST for bytes that are no UTF-8, for what is no JSON, for more than `maxDepth` objects and
 * arrays within one another, and for keys with which prototypes are polluted.
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw liveError('INVALID_REQUEST', 'the body is not JSON in UTF-8', {
      cause: error instanceof SyntaxError ? 'syntax' : 'encoding',
    });
  }
  check(value, maxDepth);
  return value;
}

function check(value: unknown, depthLeft: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depthLeft === 0) throw liveError('INVALID_REQUEST', 'the body is nested too deep');
  if (Array.isArray(value)) {
    for (const element of value) check(element, depthLeft - 1);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    // A member of this name becomes a prototype wherever somebody copies the object by assignment.
    const pollutes =
      name === '__proto__' ||
      (name === 'constructor' &&
        typeof member === 'object' &&
        member !== null &&
        Object.hasOwn(member, 'prototype'));
    if (pollutes) throw liveError('INVALID_REQUEST', `the body must not have a member named ${name}`);
    check(member, depthLeft - 1);
  }
}
