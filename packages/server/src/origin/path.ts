/**
 * What a URL below `/hls/` asks for:
 * `/hls/[t/:token/]:streamId/index.m3u8`, `…/:streamId/:rendition/index.m3u8`, `…/:streamId/:rendition/:name`.
 */
export type OriginPath =
  | { readonly kind: 'multivariant'; readonly token: string | undefined; readonly streamId: string }
  | {
      readonly kind: 'playlist';
      readonly token: string | undefined;
      readonly streamId: string;
      readonly rendition: string;
      /** The query string without `?`; empty when there is none. */
      readonly query: string;
    }
  | {
      readonly kind: 'media';
      readonly token: string | undefined;
      readonly streamId: string;
      readonly rendition: string;
      /** File name of an init section, segment or part. */
      readonly name: string;
    };

/** Path prefix of everything the origin answers. */
export const ORIGIN_PREFIX = '/hls/';

const MAX_ID_LENGTH = 64;
const MAX_NAME_LENGTH = 96;
const MAX_TOKEN_LENGTH = 1024;
const PLAYLIST_NAME = 'index.m3u8';

/** Character classes by code: 1 = letter, digit, `_`, `-`; 2 = `.`; 3 = `~`; 0 = never allowed (`%`, NUL, `\`, …). */
const CLASS = characterClasses();

/**
 * Reads a request target by hand: one pass for each element, no decoding, no `..`, nothing percent-encoded, because every
 * name that we ever give out is plain ASCII. Undefined means 404.
 */
export function parseOriginPath(target: string): OriginPath | undefined {
  if (!target.startsWith(ORIGIN_PREFIX)) return undefined;
  const queryAt = target.indexOf('?');
  const end = queryAt < 0 ? target.length : queryAt;
  let from = ORIGIN_PREFIX.length;
  let token: string | undefined;
  // `t` is therefore no stream's name.
  if (target.startsWith('t/', from)) {
    from += 2;
    const slash = target.indexOf('/', from);
    if (slash < 0 || slash > end || !isPlain(target, from, slash, MAX_TOKEN_LENGTH, 3)) return undefined;
    token = target.slice(from, slash);
    from = slash + 1;
  }
  const first = target.indexOf('/', from);
  if (first < 0 || first > end || !isPlain(target, from, first, MAX_ID_LENGTH, 1)) return undefined;
  const streamId = target.slice(from, first);
  from = first + 1;
  const second = target.indexOf('/', from);
  if (second < 0 || second > end) {
    return isPlaylistName(target, from, end) ? { kind: 'multivariant', token, streamId } : undefined;
  }
  if (!isPlain(target, from, second, MAX_ID_LENGTH, 1)) return undefined;
  const rendition = target.slice(from, second);
  from = second + 1;
  if (isPlaylistName(target, from, end)) {
    return {
      kind: 'playlist',
      token,
      streamId,
      rendition,
      query: queryAt < 0 ? '' : target.slice(queryAt + 1),
    };
  }
  if (!isPlain(target, from, end, MAX_NAME_LENGTH, 2)) return undefined;
  return { kind: 'media', token, streamId, rendition, name: target.slice(from, end) };
}

/** True when `name` can be a stream id or rendition id in a URL: 1–64 letters, digits, `_`, `-`, and not `t`. */
export function isUrlId(name: string): boolean {
  return name !== 't' && isPlain(name, 0, name.length, MAX_ID_LENGTH, 1);
}

function isPlaylistName(target: string, from: number, end: number): boolean {
  return end - from === PLAYLIST_NAME.length && target.startsWith(PLAYLIST_NAME, from);
}

/** Every character's class is 1 … `highest`, no element begins with a dot, and no two dots meet. */
function isPlain(text: string, from: number, end: number, maxLength: number, highest: number): boolean {
  const length = end - from;
  if (length < 1 || length > maxLength) return false;
  let previousDot = true;
  for (let at = from; at < end; at++) {
    const kind = CLASS[text.charCodeAt(at)] ?? 0;
    if (kind === 0 || kind > highest) return false;
    const dot = kind === 2;
    if (dot && previousDot) return false;
    previousDot = dot;
  }
  return true;
}

function characterClasses(): Uint8Array {
  const classes = new Uint8Array(128);
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-') {
    classes[character.charCodeAt(0)] = 1;
  }
  classes['.'.charCodeAt(0)] = 2;
  classes['~'.charCodeAt(0)] = 3;
  return classes;
}
