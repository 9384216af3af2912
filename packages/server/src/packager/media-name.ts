/** What a media file name stands for. Names are unique for ever: `run` is new for each packager start. */
export type MediaName =
  | { readonly type: 'init'; readonly run: string; readonly index: number }
  | { readonly type: 'segment'; readonly run: string; readonly msn: number }
  | { readonly type: 'part'; readonly run: string; readonly msn: number; readonly part: number };

/** File name of an init section. */
export function initName(run: string, index: number): string {
  return `${run}.init-${index}.mp4`;
}

/** File name of a whole segment. */
export function segmentName(run: string, msn: number): string {
  return `${run}.${msn}.m4s`;
}

/** File name of a part. */
export function partName(run: string, msn: number, part: number): string {
  return `${run}.${msn}.${part}.m4s`;
}

/** Reads a media file name back; undefined when it is none of ours. */
export function parseMediaName(name: string): MediaName | undefined {
  if (name.length > 80) return undefined;
  const fields = name.split('.');
  const run = fields[0] ?? '';
  const last = fields.at(-1);
  if (last === 'mp4' && fields.length === 3 && fields[1]?.startsWith('init-') === true) {
    const index = count(fields[1].slice(5));
    return index === undefined ? undefined : { type: 'init', run, index };
  }
  if (last !== 'm4s' || fields.length < 3 || fields.length > 4) return undefined;
  const msn = count(fields[1] ?? '');
  if (msn === undefined) return undefined;
  if (fields.length === 3) return { type: 'segment', run, msn };
  const part = count(fields[2] ?? '');
  return part === undefined ? undefined : { type: 'part', run, msn, part };
}

/** A canonical decimal count: no sign, no leading zero, safe. */
function count(text: string): number | undefined {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 && String(value) === text ? value : undefined;
}
