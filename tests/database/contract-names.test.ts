import { describe, expect, test } from 'vitest';
import { toSnakeCase } from '../../packages/protocol/src/casing.ts';
import { LivestreamError, StreamError } from '../../packages/protocol/src/errors.ts';
import { SOCKET_EVENTS } from '../../packages/protocol/src/realtime/event-names.ts';
import { CONTRACT_CLASSES } from './contract/contract-classes.ts';
import { CONTRACT_ERRORS } from './contract/contract-errors.ts';
import { CONTRACT_EVENTS, payloadsHold } from './contract/contract-events.ts';
import { CONTRACT_TYPES, WITHHELD } from './contract/contract-fields.ts';

describe('types (contract §1, §7)', () => {
  test.each(CONTRACT_TYPES)('%s has every field', (_name, schema, fields) => {
    expect(fields.split(' ').filter((field) => !(field in schema.shape))).toEqual([]);
  });

  test.each(Object.entries(WITHHELD))('%s does not give away what is private', (name, fields) => {
    const schema = CONTRACT_TYPES.find(([type]) => type === name)?.[1];
    expect(fields.filter((field) => field in (schema?.shape ?? {}))).toEqual([]);
  });

  test('the two spellings differ as nchat’s do', () => {
    expect(['channelId', 'isQa', 'id', 'recordingDurationSeconds'].map(toSnakeCase)).toEqual([
      'channel_id',
      'is_qa',
      'id',
      'recording_duration_seconds',
    ]);
  });
});

describe('errors (contract §1.1, §1.2)', () => {
  test.each(CONTRACT_ERRORS)('%s', (error, name, code, statusCode, message) => {
    expect(error).toMatchObject({ name, code, statusCode, message });
    expect(error).toBeInstanceOf(StreamError);
    expect(error.constructor.name).toBe(name);
    if (name !== 'StreamError') expect(error).toBeInstanceOf(LivestreamError);
  });
});

describe('events (contract §5)', () => {
  test('every constant has its name, and every payload its members', () => {
    expect(SOCKET_EVENTS).toMatchObject(CONTRACT_EVENTS);
    expect(payloadsHold).toBe(true);
  });
});

describe('classes (contract §2.3, §7.1)', () => {
  test.each(CONTRACT_CLASSES)('%s has every method', (_name, prototype, methods) => {
    expect(
      methods.split(' ').filter((method) => typeof Reflect.get(prototype, method) !== 'function'),
    ).toEqual([]);
  });
});
