import { PlaylistError } from './playlist-error.ts';

/** Bounds for text that comes from others. */
export interface PlaylistLimits {
  /** Characters of the whole text. */
  readonly maxCharacters: number;
  /** Lines, empty ones included. */
  readonly maxLines: number;
}

/** Generous: a twelve-hour DVR of 2 s segments has 21 600 segments, four lines each, 100 characters a line. */
export const DEFAULT_PLAYLIST_LIMITS: PlaylistLimits = { maxCharacters: 16 * 2 ** 20, maxLines: 500_000 };

/** One line that is neither empty nor a comment. */
export interface PlaylistLine {
  /** Counted from 1. */
  readonly line: number;
  /** Name of the tag without its "#", such as EXT-X-PART; undefined for a URI. */
  readonly tag: string | undefined;
  /** What follows the tag's colon (empty without one), or the URI. */
  readonly value: string;
}

/**
 * Splits a playlist into tags and URIs (rfc8216bis §4.1). Throws PlaylistError when the text is too large, does not
 * begin with #EXTM3U, or holds a byte order mark or control characters.
 */
export function readPlaylistLines(text: string, limits = DEFAULT_PLAYLIST_LIMITS): readonly PlaylistLine[] {
  if (text.length > limits.maxCharacters) {
    throw new PlaylistError(`${text.length} characters, more than ${limits.maxCharacters}`);
  }
  if (text.startsWith('\uFEFF')) throw new PlaylistError('a byte order mark is not allowed', 1);
  const lines: PlaylistLine[] = [];
  let line = 0;
  for (let start = 0; start < text.length; ) {
    line++;
    if (line > limits.maxLines) throw new PlaylistError(`more than ${limits.maxLines} lines`, line);
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    const content = text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
    const read = readLine(content, line);
    if (line === 1 && read?.tag !== 'EXTM3U') throw new PlaylistError('the first line is not #EXTM3U', 1);
    if (read !== undefined) lines.push(read);
  }
  if (line === 0) throw new PlaylistError('the playlist is empty', 1);
  return lines;
}

function readLine(content: string, line: number): PlaylistLine | undefined {
  const control = findControlCharacter(content);
  if (control >= 0) {
    const code = content.charCodeAt(control).toString(16).padStart(4, '0');
    throw new PlaylistError(`control character U+${code} at column ${control + 1}`, line);
  }
  if (content.trim() === '') return undefined;
  if (!content.startsWith('#')) return { line, tag: undefined, value: content };
  if (!content.startsWith('#EXT')) return undefined;
  const colon = content.indexOf(':');
  if (colon < 0) return { line, tag: content.slice(1).trimEnd(), value: '' };
  return { line, tag: content.slice(1, colon), value: content.slice(colon + 1) };
}

/**
 * §4.1: no UTF-8 control characters, U+0000…U+001F and U+007F…U+009F; line ends are already cut off. A tab is let through,
 * because RECENTLY-REMOVED-DATERANGES separates by tabs.
 */
function findControlCharacter(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || (code >= 0x7f && code <= 0x9f)) return index;
  }
  return -1;
}
