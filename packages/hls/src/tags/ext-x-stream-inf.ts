import { AttributeList, writeQuoted } from '../attribute-list.ts';
import type { Variant } from '../multivariant-playlist.ts';
import { PlaylistError, quoteForMessage } from '../playlist-error.ts';

/** EXT-X-STREAM-INF (rfc8216bis §4.4.6.2) without its URI line. */
export function writeExtXStreamInf(variant: Variant): string {
  // Both are whole bits per second; rounded up, because they are limits.
  let line = `#EXT-X-STREAM-INF:BANDWIDTH=${Math.ceil(variant.bandwidthBps)}`;
  if (variant.averageBandwidthBps !== undefined) {
    line += `,AVERAGE-BANDWIDTH=${Math.ceil(variant.averageBandwidthBps)}`;
  }
  if (variant.codecs.length > 0) line += `,CODECS=${writeQuoted(variant.codecs.join(','))}`;
  if (variant.resolution !== undefined) {
    line += `,RESOLUTION=${variant.resolution.width}x${variant.resolution.height}`;
  }
  // §4.4.6.2: rounded to three decimals.
  if (variant.frameRate !== undefined) line += `,FRAME-RATE=${variant.frameRate.toFixed(3)}`;
  if (variant.audioGroup !== undefined) line += `,AUDIO=${writeQuoted(variant.audioGroup)}`;
  if (variant.stableId !== undefined) line += `,STABLE-VARIANT-ID=${writeQuoted(variant.stableId)}`;
  return line;
}

/** Reads the attributes; the URI is the line that follows the tag. Throws PlaylistError. */
export function parseExtXStreamInf(value: string): Omit<Variant, 'uri'> {
  const attributes = new AttributeList(value);
  const averageBandwidthBps = attributes.integer('AVERAGE-BANDWIDTH');
  const resolution = attributes.bare('RESOLUTION');
  const frameRate = attributes.decimal('FRAME-RATE');
  const audioGroup = attributes.quoted('AUDIO');
  const stableId = attributes.quoted('STABLE-VARIANT-ID');
  return {
    bandwidthBps: attributes.requiredInteger('BANDWIDTH'),
    ...(averageBandwidthBps === undefined ? {} : { averageBandwidthBps }),
    codecs: parseCodecs(attributes.quoted('CODECS') ?? ''),
    ...(resolution === undefined ? {} : { resolution: parseResolution(resolution) }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(audioGroup === undefined ? {} : { audioGroup }),
    ...(stableId === undefined ? {} : { stableId }),
  };
}

/** A decimal-resolution (§4.2). Throws PlaylistError. */
export function parseResolution(text: string): { readonly width: number; readonly height: number } {
  const match = /^(\d{1,6})x(\d{1,6})$/.exec(text);
  if (match === null) throw new PlaylistError(`not a resolution: ${quoteForMessage(text)}`);
  return { width: Number(match[1]), height: Number(match[2]) };
}

/** RFC 6381 separates by commas; some writers add white space. */
function parseCodecs(text: string): readonly string[] {
  return text
    .split(',')
    .map((codec) => codec.trim())
    .filter((codec) => codec !== '');
}
