/** What the sending side wants of an answer. */
export interface AnswerTuning {
  /** Opus, in bit/s. */
  readonly audioBitrateBps: number;
  /** Where the bandwidth estimate begins, in bit/s: Chromium starts at 300 kbps and takes half a minute to climb. */
  readonly startBitrateBps: number;
}

/**
 * An answer's format parameters tell the encoder what the far end likes, and few servers say. This adds, where the server left it
 * open: for Opus stereo, a bitrate and in-band FEC, and no DTX (RFC 7587 §7: silence must go on being sent); for video the start bitrate.
 */
export function tuneAnswer(sdp: string, tuning: AnswerTuning): string {
  const lines = sdp.split(/\r?\n/);
  const codecs = new Map<string, string>();
  for (const line of lines) {
    const [, payloadType, codec] = /^a=rtpmap:(\d{1,3}) ([^/\s]+)\//.exec(line) ?? [];
    if (payloadType !== undefined && codec !== undefined) {
      codecs.set(payloadType, codec.toLowerCase());
    }
  }
  const given = new Set(lines.map((line) => /^a=fmtp:(\d{1,3}) /.exec(line)?.[1]));
  const tuned = lines.flatMap((line) => {
    const [, payloadType = '', parameters] = /^a=fmtp:(\d{1,3}) (.*)$/.exec(line) ?? [];
    if (parameters !== undefined) {
      return [`a=fmtp:${payloadType} ${withWishes(parameters, wishes(codecs.get(payloadType), tuning))}`];
    }
    const mapped = /^a=rtpmap:(\d{1,3}) /.exec(line)?.[1];
    const added =
      mapped === undefined || given.has(mapped) ? '' : withWishes('', wishes(codecs.get(mapped), tuning));
    return added === '' ? [line] : [line, `a=fmtp:${mapped ?? ''} ${added}`];
  });
  return tuned.join('\r\n');
}

type Wish = readonly [name: string, value: number];

function wishes(codec: string | undefined, tuning: AnswerTuning): readonly Wish[] {
  switch (codec) {
    case 'opus':
      return [
        ['stereo', 1],
        ['maxaveragebitrate', tuning.audioBitrateBps],
        ['useinbandfec', 1],
        ['usedtx', 0],
      ];
    case 'h264':
    case 'vp8':
      return [['x-google-start-bitrate', Math.round(tuning.startBitrateBps / 1000)]];
    default:
      return [];
  }
}

function withWishes(parameters: string, wanted: readonly Wish[]): string {
  const present = parameters
    .split(';')
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '');
  const names = new Set(present.map((parameter) => parameter.split('=')[0]?.trim().toLowerCase()));
  const added = wanted
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => `${name}=${String(value)}`);
  return [...present, ...added].join(';');
}
