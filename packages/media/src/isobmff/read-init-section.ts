import { BoxFormatError } from './box-format-error.ts';
import { readEsds } from './esds.ts';
import { readHdlr } from './hdlr.ts';
import { readMdhd } from './mdhd.ts';
import { type Box, findBox, readBoxes } from './read-boxes.ts';
import { readTkhd } from './tkhd.ts';
import { readTrex, type Trex } from './trex.ts';

/** A track as an init section declares it. */
export interface ReadInitTrack {
  readonly trackId: number;
  readonly timescale: number;
  /** `vide` or `soun`. */
  readonly handlerType: string;
  /** `avc1`, `hvc1`, `mp4a`, … */
  readonly sampleEntry: string;
  /** Decoder configuration record, or AudioSpecificConfig for mp4a; undefined when the entry has none. */
  readonly config?: Uint8Array;
  readonly trex?: Trex;
}

/** The tracks of a moov. Throws BoxFormatError when there is none or an obligatory box is missing. */
export function readInitSection(bytes: Uint8Array): ReadInitTrack[] {
  const boxes = readBoxes(bytes);
  const moov = findBox(boxes, ['moov']);
  if (moov === undefined) throw new BoxFormatError('no moov');
  const defaults = findBox(moov.children, ['mvex'])?.children.filter((box) => box.type === 'trex') ?? [];
  const trexes = defaults.map((box) => readTrex(box.body));
  return moov.children.filter((box) => box.type === 'trak').map((trak) => readTrak(trak, trexes));
}

function readTrak(trak: Box, trexes: readonly Trex[]): ReadInitTrack {
  const { trackId } = readTkhd(need(trak, ['tkhd']).body);
  const entry = need(trak, ['mdia', 'minf', 'stbl', 'stsd']).children[0];
  if (entry === undefined) throw new BoxFormatError('stsd without a sample entry');
  const config = configOf(entry);
  const trex = trexes.find((box) => box.trackId === trackId);
  return {
    trackId,
    timescale: readMdhd(need(trak, ['mdia', 'mdhd']).body).timescale,
    handlerType: readHdlr(need(trak, ['mdia', 'hdlr']).body).handlerType,
    sampleEntry: entry.type,
    ...(config && { config }),
    ...(trex && { trex }),
  };
}

function configOf(entry: Box): Uint8Array | undefined {
  for (const child of entry.children) {
    if (['avcC', 'hvcC', 'av1C', 'dOps'].includes(child.type)) return child.body;
    if (child.type === 'esds') return readEsds(child.body).audioSpecificConfig;
  }
  return undefined;
}

function need(box: Box, path: readonly string[]): Box {
  const found = findBox(box.children, path);
  if (found === undefined) throw new BoxFormatError(`${box.type} without ${path.join('/')}`);
  return found;
}
