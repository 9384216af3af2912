import {
  type AmfLimits,
  type AmfObject,
  type AmfValue,
  isAmfObject,
} from '@tallylight/media/amf/amf-value.ts';
import { Amf0Reader } from '@tallylight/media/amf/amf0-reader.ts';
import { type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { MESSAGE_TYPE, type RtmpMessage } from './rtmp-message.ts';
import { RtmpProtocolError } from './rtmp-protocol-error.ts';

/** A command as it came; its arguments may be of any type whatever the sender's. */
export interface RtmpCommand {
  readonly name: string;
  /** 0 when the sender wants no answer, or sent none. */
  readonly transactionId: number;
  /** The command object: of use in `connect` only. */
  readonly object: AmfValue;
  readonly args: readonly AmfValue[];
}

/** Longest command name that is shown in answers and logs. */
const SHOWN_NAME = 32;

/**
 * Reads a command message (RTMP 1.0 §7.1.1); an AMF3 one is AMF0 behind a zero byte. Throws AmfFormatError or
 * RtmpProtocolError.
 */
export function readCommand(message: RtmpMessage, limits: AmfLimits): RtmpCommand {
  const reader = new Amf0Reader(amf0Part(message, MESSAGE_TYPE.commandAmf3), limits);
  const name = reader.atEnd ? undefined : reader.value();
  if (typeof name !== 'string')
    throw new RtmpProtocolError(`command name is ${describeType(name)}, not a string`);
  const transactionId = reader.atEnd ? 0 : reader.value();
  if (typeof transactionId !== 'number') {
    throw new RtmpProtocolError(
      `transaction id of ${showName(name)} is ${describeType(transactionId)}, not a number`,
    );
  }
  const object = reader.atEnd ? null : reader.value();
  const args: AmfValue[] = [];
  while (!reader.atEnd) args.push(reader.value());
  return { name, transactionId, object, args };
}

/** The AMF0 bytes of a message that may be of the AMF3 kind, which begins with a zero byte. */
export function amf0Part(message: RtmpMessage, amf3Type: number): Uint8Array {
  return message.type === amf3Type ? message.payload.subarray(1) : message.payload;
}

/** A name from the peer, fit for a log line: printable ASCII, shortened. */
export function showName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, SHOWN_NAME);
}

/** The AMF type of a value, in words. */
export function describeType(value: AmfValue): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (isAmfObject(value)) return 'an object';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'a date' : `a ${typeof value}`;
}

/** A string member of an object; undefined when it is absent or of another type. */
export function stringMember(object: AmfObject, key: string): string | undefined {
  const value = object.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** A finite number member of an object; undefined when it is absent or of another type. */
export function numberMember(object: AmfObject, key: string): number | undefined {
  const value = object.get(key);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A command message of ours. */
export function commandMessage(streamId: number, ...values: readonly AmfInput[]): RtmpMessage {
  return { type: MESSAGE_TYPE.commandAmf0, streamId, timestampMs: 0, payload: writeAmf0(...values) };
}

/** `onStatus` (RTMP 1.0 §7.2.2): `description` is what encoders show to their users. */
export function statusMessage(
  streamId: number,
  level: 'status' | 'error',
  code: string,
  description: string,
): RtmpMessage {
  return commandMessage(streamId, 'onStatus', 0, null, { level, code, description });
}
