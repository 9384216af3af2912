import { toHex } from '../bytes/hex.ts';
import { readAudioSampleEntry } from './audio-sample-entry.ts';
import { BoxFormatError } from './box-format-error.ts';
import { readDOps } from './dops.ts';
import { readEmsg } from './emsg.ts';
import { readEsds } from './esds.ts';
import { readFtyp } from './ftyp.ts';
import { readHdlr } from './hdlr.ts';
import { readMdhd } from './mdhd.ts';
import { readMfhd } from './mfhd.ts';
import { readMvhd } from './mvhd.ts';
import { readPasp } from './pasp.ts';
import { readPrft } from './prft.ts';
import { type Box, type BoxLimits, readBoxes } from './read-boxes.ts';
import { readTfdt } from './tfdt.ts';
import { readTfhd } from './tfhd.ts';
import { readTkhd } from './tkhd.ts';
import { readTrex } from './trex.ts';
import { readTrun } from './trun.ts';
import { readVisualSampleEntry } from './visual-sample-entry.ts';

/** Box types whose fields the dump shows. */
const READERS: ReadonlyMap<string, (body: Uint8Array) => object> = new Map<
  string,
  (body: Uint8Array) => object
>([
  ['ftyp', readFtyp],
  ['styp', readFtyp],
  ['mvhd', readMvhd],
  ['tkhd', readTkhd],
  ['mdhd', readMdhd],
  ['hdlr', readHdlr],
  ['avc1', readVisualSampleEntry],
  ['hvc1', readVisualSampleEntry],
  ['av01', readVisualSampleEntry],
  ['mp4a', readAudioSampleEntry],
  ['Opus', readAudioSampleEntry],
  ['avcC', (record) => ({ record })],
  ['hvcC', (record) => ({ record })],
  ['av1C', (record) => ({ record })],
  ['dOps', readDOps],
  ['esds', readEsds],
  ['pasp', readPasp],
  ['trex', readTrex],
  ['mfhd', readMfhd],
  ['tfhd', readTfhd],
  ['tfdt', readTfdt],
  ['trun', readTrun],
  ['prft', readPrft],
  ['emsg', readEmsg],
]);

/** Fields that are bits, shown in hexadecimal. */
const BIT_FIELDS = new Set(['flags', 'defaultSampleFlags', 'firstSampleFlags', 'objectTypeIndication']);
/** More than any parameter set of ours needs. */
const MAX_HEX_BYTES = 64;

/** A day of GOP-long fragments; a hostile file could ask for far more. */
const MAX_LINES = 5_000_000;

/**
 * The box tree as text: one line for each box with its size and fields, indented by depth; one line for each sample of a
 * trun. A box whose fields cannot be read says why and the dump goes on; a broken tree throws BoxFormatError.
 */
export function dumpBoxes(bytes: Uint8Array, limits: BoxLimits = {}): string {
  const lines: string[] = [];
  for (const box of readBoxes(bytes, limits)) dumpBox(box, 0, lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function dumpBox(box: Box, depth: number, lines: string[]): void {
  const indent = '  '.repeat(depth);
  const rows: string[] = [];
  lines.push(`${indent}[${printable(box.type)}] size=${box.size}${fieldsOf(box, rows)}`);
  if (lines.length + rows.length > MAX_LINES)
    throw new BoxFormatError(`more than ${MAX_LINES} lines to dump`);
  for (const row of rows) lines.push(`${indent}  ${row}`);
  for (const child of box.children) dumpBox(child, depth + 1, lines);
}

function fieldsOf(box: Box, rows: string[]): string {
  const read = READERS.get(box.type);
  if (read === undefined) return '';
  try {
    return format(read(box.body), rows);
  } catch (error) {
    return ` unreadable: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function format(fields: object, rows: string[]): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'samples' && Array.isArray(value)) {
      text += ` samples=${value.length}`;
      for (const [index, sample] of value.entries()) rows.push(`#${index}${format(sample, [])}`);
      continue;
    }
    text += ` ${name}=${formatValue(name, value)}`;
  }
  return text;
}

function formatValue(name: string, value: unknown): string {
  if (value instanceof Uint8Array) {
    return (
      toHex(value.subarray(0, MAX_HEX_BYTES)) +
      (value.length > MAX_HEX_BYTES ? `…(${value.length} bytes)` : '')
    );
  }
  if (Array.isArray(value)) return value.map((item) => formatValue(name, item)).join(',');
  if (typeof value === 'number') return BIT_FIELDS.has(name) ? `0x${value.toString(16)}` : String(value);
  if (typeof value === 'string') return JSON.stringify(printable(value));
  return String(value);
}

/** Control characters and everything beyond ASCII as dots: the input may be hostile and the output a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '.');
}
