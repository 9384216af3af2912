import { AttributeList } from '../attribute-list.ts';
import type { ReadMultivariantPlaylist } from '../parse-multivariant-playlist.ts';
import { type Finding, lineOf, linesOf, must, should } from './finding.ts';

/** A rule that a multivariant playlist alone can break. */
export type MultivariantRule = (read: ReadMultivariantPlaylist) => Iterable<Finding>;

/** RFC 6381 names of video formats that variants of live streams use. */
const VIDEO_CODEC = /^(avc[1-4]|hvc1|hev1|dvh1|dvhe|av01|vp0?[89]|mp4v)(\.|$)/;
const AUDIO_CODEC = /^(mp4a|ac-3|ec-3|ac-4|opus|fLaC|alac|mhm[12])(\.|$)/i;

/** Rule 50: AVERAGE-BANDWIDTH is there and not above BANDWIDTH (§4.4.6.2.1, authoring spec 9.13–14). */
export function* lintBandwidth(read: ReadMultivariantPlaylist): Iterable<Finding> {
  const lines = linesOf(read, 'EXT-X-STREAM-INF');
  for (const [index, variant] of read.playlist.variants.entries()) {
    const { averageBandwidthBps: average, bandwidthBps } = variant;
    const line = lines[index]?.line;
    if (average === undefined) yield should(50, `AVERAGE-BANDWIDTH is missing for ${variant.uri}`, line);
    else if (average > bandwidthBps) {
      yield must(50, `AVERAGE-BANDWIDTH ${average} is above BANDWIDTH ${bandwidthBps}`, line);
    }
    if (bandwidthBps === 0) yield must(50, `BANDWIDTH of ${variant.uri} is 0`, line);
  }
}

/** Rule 51: CODECS for all, RESOLUTION and FRAME-RATE for video, an audio format where there is an audio group. */
export function* lintCodecs(read: ReadMultivariantPlaylist): Iterable<Finding> {
  const lines = linesOf(read, 'EXT-X-STREAM-INF');
  for (const [index, variant] of read.playlist.variants.entries()) {
    const line = lines[index]?.line;
    const { codecs, uri } = variant;
    if (codecs.length === 0) {
      yield should(51, `CODECS is missing for ${uri}`, line);
      continue;
    }
    const isVideo = codecs.some((codec) => VIDEO_CODEC.test(codec));
    if (isVideo && variant.resolution === undefined)
      yield should(51, `RESOLUTION is missing for ${uri}`, line);
    if (isVideo && variant.frameRate === undefined)
      yield should(51, `FRAME-RATE is missing for ${uri}`, line);
    if (variant.audioGroup !== undefined && !codecs.some((codec) => AUDIO_CODEC.test(codec))) {
      yield must(51, `CODECS of ${uri} has no format of its audio group: ${codecs.join(',')}`, line);
    }
  }
}

/** Rule 52: named groups exist, names are unique in a group, DEFAULT goes with AUTOSELECT (§4.4.6.1). */
export function* lintRenditions(read: ReadMultivariantPlaylist): Iterable<Finding> {
  const media = linesOf(read, 'EXT-X-MEDIA');
  const names = new Set<string>();
  for (const [index, rendition] of read.playlist.renditions.entries()) {
    const line = media[index]?.line;
    const key = JSON.stringify([rendition.type, rendition.groupId, rendition.name]);
    if (names.has(key))
      yield must(52, `two renditions of ${rendition.groupId} are named ${rendition.name}`, line);
    names.add(key);
    if (rendition.isDefault && !rendition.autoselect) {
      const words = `${rendition.name} is DEFAULT but not AUTOSELECT`;
      yield attribute(media[index]?.value, 'AUTOSELECT') === undefined
        ? should(52, words, line)
        : must(52, words, line);
    }
    if (rendition.type === 'AUDIO' && rendition.language === undefined) {
      yield should(52, `${rendition.name} has no LANGUAGE (authoring spec 8.10)`, line);
    }
  }
  const streams = linesOf(read, 'EXT-X-STREAM-INF');
  for (const { value, line } of streams) {
    for (const type of ['AUDIO', 'VIDEO', 'SUBTITLES'] as const) {
      const group = attribute(value, type);
      if (group === undefined) continue;
      if (read.playlist.renditions.some((it) => it.type === type && it.groupId === group)) continue;
      yield must(52, `there is no ${type} group ${group}`, line);
    }
  }
}

/** Rule 53: video comes with I-frame playlists (authoring spec 6.1). */
export function* lintIFrames(read: ReadMultivariantPlaylist): Iterable<Finding> {
  const hasVideo = read.playlist.variants.some(({ codecs }) =>
    codecs.some((codec) => VIDEO_CODEC.test(codec)),
  );
  if (hasVideo && lineOf(read, 'EXT-X-I-FRAME-STREAM-INF') === undefined) {
    yield should(53, 'there is no I-frame playlist (authoring spec 6.1)');
  }
}

/** Rule 54: with content steering, variants have a STABLE-VARIANT-ID (§4.4.6.2). */
export function* lintStableIds(read: ReadMultivariantPlaylist): Iterable<Finding> {
  if (lineOf(read, 'EXT-X-CONTENT-STEERING') === undefined) return;
  const lines = linesOf(read, 'EXT-X-STREAM-INF');
  for (const [index, variant] of read.playlist.variants.entries()) {
    if (variant.stableId === undefined)
      yield should(54, `${variant.uri} has no STABLE-VARIANT-ID`, lines[index]?.line);
  }
}

/** Rule 56: content steering is declared once at most, and names a pathway that variants have (§4.4.6.6). */
export function* lintSteering(read: ReadMultivariantPlaylist): Iterable<Finding> {
  const [first, second] = linesOf(read, 'EXT-X-CONTENT-STEERING');
  if (second !== undefined) yield must(56, 'EXT-X-CONTENT-STEERING is given twice', second.line);
  if (first === undefined) return;
  if (attribute(first.value, 'SERVER-URI') === undefined) yield must(56, 'SERVER-URI is missing', first.line);
  const pathway = attribute(first.value, 'PATHWAY-ID') ?? '.';
  const pathways = linesOf(read, 'EXT-X-STREAM-INF').map(
    ({ value }) => attribute(value, 'PATHWAY-ID') ?? '.',
  );
  if (!pathways.includes(pathway)) yield must(56, `no variant is on the pathway ${pathway}`, first.line);
}

/** Rules about the multivariant playlist alone. */
export const MULTIVARIANT_RULES: readonly MultivariantRule[] = [
  lintBandwidth,
  lintCodecs,
  lintRenditions,
  lintIFrames,
  lintStableIds,
  lintSteering,
];

function attribute(list: string | undefined, name: string): string | undefined {
  return list === undefined ? undefined : new AttributeList(list).text(name);
}
