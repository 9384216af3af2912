/**
 * A clock that machines read out of a picture: one row of black and white blocks over the whole width, at the top. It survives encoding
 * and scaling, because only the middle of each block counts and its width is a fraction of the picture's.
 *
 * Blocks, left to right: sync 1010, 48 bits of Unix milliseconds (highest first), 8 bits of checksum, sync 0101.
 */

/** Blocks in the row. */
export const clockBlocks = 64;

/** A picture, or its top rows, as a canvas or a raw frame has it: rows from the top, `channels` bytes a pixel. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 for gray or a luma plane, 3 for RGB, 4 for RGBA. */
  readonly channels: number;
}

/** The row of blocks for a moment, in milliseconds since the Unix epoch: one byte a block, 0 black, 255 white. */
export function drawClock(unixMs: number): Uint8Array {
  const bytes = [40, 32, 24, 16, 8, 0].map((shift) => Math.floor(unixMs / 2 ** shift) % 256);
  const checksum = bytes.reduce((sum, byte) => (sum * 31 + byte) % 256, 0x5a);
  const bits = [...bytes, checksum].flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1),
  );
  return Uint8Array.from([1, 0, 1, 0, ...bits, 0, 1, 0, 1], (bit) => bit * 255);
}

/**
 * The moment that `drawClock` put into a picture, in Unix milliseconds; undefined when there is none, or it is not legible.
 * Leans on nothing outside itself, so that its source text can be handed to a page.
 */
export function readClock(pixels: Pixels): number | undefined {
  const blocks = 64;
  const blockWidth = pixels.width / blocks;
  const reach = Math.max(0, Math.floor(blockWidth / 6));
  const middleRow = Math.min(Math.floor(blockWidth / 2), pixels.height - 1);
  // The second channel of RGB is green, the nearest to luma.
  const channel = pixels.channels > 1 ? 1 : 0;
  const levels: number[] = [];
  for (let block = 0; block < blocks; block += 1) {
    const middle = Math.floor((block + 0.5) * blockWidth);
    let sum = 0;
    for (let dx = -reach; dx <= reach; dx += 1) {
      sum += pixels.data[(middleRow * pixels.width + middle + dx) * pixels.channels + channel] ?? 0;
    }
    levels.push(sum / (2 * reach + 1));
  }
  const level = (block: number) => levels[block] ?? 0;
  const white = (level(0) + level(2) + level(61) + level(63)) / 4;
  const black = (level(1) + level(3) + level(60) + level(62)) / 4;
  if (white - black < 60) return undefined;
  const bits = levels.map((each) => (each > (white + black) / 2 ? 1 : 0));
  const byte = (at: number) => bits.slice(at, at + 8).reduce<number>((value, bit) => value * 2 + bit, 0);
  if (byte(0) >> 4 !== 0b1010 || (byte(56) & 15) !== 0b0101) return undefined;
  let unixMs = 0;
  let checksum = 0x5a;
  for (let at = 4; at < 52; at += 8) {
    unixMs = unixMs * 256 + byte(at);
    checksum = (checksum * 31 + byte(at)) % 256;
  }
  return checksum === byte(52) ? unixMs : undefined;
}
