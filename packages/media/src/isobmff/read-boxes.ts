import { AUDIO_SAMPLE_ENTRY_SIZE } from './audio-sample-entry.ts';
import { BoxFormatError } from './box-format-error.ts';
import { VISUAL_SAMPLE_ENTRY_SIZE } from './visual-sample-entry.ts';

/** A box as found: nothing of its body is interpreted but where its children are. */
export interface Box {
  /** Four characters of Latin-1. */
  readonly type: string;
  /** From the first byte of the input to the box's header. */
  readonly offset: number;
  /** Header and body. */
  readonly size: number;
  /** 8, or 16 with a 64-bit size. */
  readonly headerSize: number;
  /** A view of everything after the header. */
  readonly body: Uint8Array;
  /** Empty unless the type is one that we know to contain boxes. */
  readonly children: readonly Box[];
}

/** How much a reader accepts. */
export interface BoxLimits {
  /** Boxes in all. Default 10 000. */
  readonly maxBoxes?: number;
  /** Levels of nesting. Default 16. */
  readonly maxDepth?: number;
}

/** Types with children → bytes of fields before the first child. */
const CONTAINERS: ReadonlyMap<string, number> = new Map([
  ...[
    'moov',
    'trak',
    'mdia',
    'minf',
    'dinf',
    'stbl',
    'mvex',
    'moof',
    'traf',
    'edts',
    'mfra',
    'udta',
    'sinf',
    'schi',
  ].map((type): [string, number] => [type, 0]),
  ['dref', 8],
  ['stsd', 8],
  ['avc1', VISUAL_SAMPLE_ENTRY_SIZE],
  ['avc3', VISUAL_SAMPLE_ENTRY_SIZE],
  ['hvc1', VISUAL_SAMPLE_ENTRY_SIZE],
  ['hev1', VISUAL_SAMPLE_ENTRY_SIZE],
  ['av01', VISUAL_SAMPLE_ENTRY_SIZE],
  ['mp4a', AUDIO_SAMPLE_ENTRY_SIZE],
  ['Opus', AUDIO_SAMPLE_ENTRY_SIZE],
]);

/**
 * The boxes of a file or of a part of one, front to back. Throws BoxFormatError for a box that is cut off, smaller than its
 * header, or deeper or more numerous than the limits allow.
 */
export function readBoxes(bytes: Uint8Array, limits: BoxLimits = {}): readonly Box[] {
  const walk = { left: limits.maxBoxes ?? 10_000, maxDepth: limits.maxDepth ?? 16 };
  return readLevel(bytes, 0, bytes.length, 0, walk);
}

/** The first box of a path of types, such as `['moof', 'traf', 'tfdt']`; undefined when one is missing. */
export function findBox(boxes: readonly Box[], path: readonly string[]): Box | undefined {
  let level = boxes;
  let found: Box | undefined;
  for (const type of path) {
    found = level.find((box) => box.type === type);
    if (found === undefined) return undefined;
    level = found.children;
  }
  return found;
}

interface Walk {
  left: number;
  readonly maxDepth: number;
}

function readLevel(bytes: Uint8Array, start: number, end: number, depth: number, walk: Walk): Box[] {
  if (depth > walk.maxDepth) throw new BoxFormatError(`boxes nested deeper than ${walk.maxDepth}`);
  const boxes: Box[] = [];
  let at = start;
  while (at < end) {
    if (walk.left-- === 0) throw new BoxFormatError('too many boxes');
    const box = readOne(bytes, at, end, depth, walk);
    boxes.push(box);
    at += box.size;
  }
  return boxes;
}

function readOne(bytes: Uint8Array, offset: number, end: number, depth: number, walk: Walk): Box {
  if (end - offset < 8)
    throw new BoxFormatError(`${end - offset} bytes at ${offset} where a box header belongs`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
  let size = view.getUint32(offset);
  let headerSize = 8;
  if (size === 0) size = end - offset; // §4.2.2: the box extends to the end
  if (size === 1) {
    if (end - offset < 16) throw new BoxFormatError(`${type} at ${offset}: its 64-bit size is cut off`);
    headerSize = 16;
    size = view.getUint32(offset + 8) * 2 ** 32 + view.getUint32(offset + 12);
  }
  if (size < headerSize || size > end - offset) {
    throw new BoxFormatError(`${type} at ${offset} says ${size} bytes, ${end - offset} are there`);
  }
  const fields = CONTAINERS.get(type);
  const bodyAt = offset + headerSize;
  const boxEnd = offset + size;
  const hasChildren = fields !== undefined && bodyAt + fields <= boxEnd;
  return {
    type,
    offset,
    size,
    headerSize,
    body: bytes.subarray(bodyAt, boxEnd),
    children: hasChildren ? readLevel(bytes, bodyAt + fields, boxEnd, depth + 1, walk) : [],
  };
}
