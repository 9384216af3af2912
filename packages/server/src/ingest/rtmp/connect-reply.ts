import type { AmfObject } from '@tallylight/media/amf/amf-value.ts';
import type { AmfInput } from '@tallylight/media/amf/amf0-writer.ts';
import { commandMessage } from '../../rtmp/command.ts';
import type { RtmpMessage } from '../../rtmp/rtmp-message.ts';

/** E-RTMP v2 FourCcInfoMask: CanDecode 1, CanForward 4. */
const DECODE_AND_FORWARD = 5;
/** E-RTMP v2 CapsExMask: Multitrack 2, ModEx 4, TimestampNanoOffset 8. */
const CAPS_EX = 14;
const SERVED_VIDEO = ['avc1', 'hvc1'] as const;
const SERVED_AUDIO = ['mp4a'] as const;

/** The `_result` of `connect`. Enhanced RTMP is spoken of only to clients that asked: old ones stumble over arrays. */
export function connectReply(transactionId: number, request: AmfObject): RtmpMessage {
  const status: { [key: string]: AmfInput } = {
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection succeeded.',
    // AMF0 whatever was asked for: everybody accepts it.
    objectEncoding: 0,
  };
  if (request.has('fourCcList')) status['fourCcList'] = [...SERVED_VIDEO, ...SERVED_AUDIO];
  if (request.has('videoFourCcInfoMap')) status['videoFourCcInfoMap'] = mask(SERVED_VIDEO);
  if (request.has('audioFourCcInfoMap')) status['audioFourCcInfoMap'] = mask(SERVED_AUDIO);
  if (request.has('capsEx')) status['capsEx'] = CAPS_EX;
  const server = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 };
  return commandMessage(0, '_result', transactionId, server, status);
}

/** The `_error` of `connect`: `code` is NetConnection.Connect.Rejected or .InvalidApp. */
export function connectRefusal(transactionId: number, code: string, description: string): RtmpMessage {
  return commandMessage(0, '_error', transactionId, null, { level: 'error', code, description });
}

function mask(codecs: readonly string[]): { readonly [codec: string]: number } {
  return Object.fromEntries(codecs.map((codec) => [codec, DECODE_AND_FORWARD]));
}
