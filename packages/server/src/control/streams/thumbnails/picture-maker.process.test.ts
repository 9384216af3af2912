import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type ChildProcess,
  ChildProcesses,
  type ChildProcessOptions,
} from '../../../platform/child-process.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { PictureMaker } from './picture-maker.ts';

/** Children whose greatest memory is written down. */
class WatchedChildren extends ChildProcesses {
  peakRssMb = 0;
  /** Of all its threads, in seconds. */
  cpuSec = 0;
  started = 0;

  override spawn(options: ChildProcessOptions): ChildProcess {
    const child = super.spawn(options);
    this.started++;
    const timer = setInterval(() => {
      try {
        const [, kb = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
        this.peakRssMb = Math.max(this.peakRssMb, Number(kb) / 1024);
        const [, user = '0', system = '0'] =
          /\) \S(?: \S+){10} (\d+) (\d+)/.exec(readFileSync(`/proc/${child.pid}/stat`, 'utf8')) ?? [];
        this.cpuSec = (Number(user) + Number(system)) / 100;
      } catch {
        // It has ended, or this is no Linux.
      }
    }, 2);
    void child.exited.then(() => clearInterval(timer));
    return child;
  }
}

const children = new WatchedChildren();
/** With time for machines that do much else at the same time. */
const maker = new PictureMaker({ children, log: silentLogger, limits: { timeoutMs: 30_000 } });
afterAll(() => children.close());

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A PNG of one colour, of any size and kind: what bombs are made of. */
function png(
  width: number,
  height: number,
  options: { depth?: 1 | 8 | 16; interlaced?: boolean; truncated?: boolean } = {},
): Buffer {
  const { depth = 1, interlaced = false } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, depth === 1 ? 0 : 2, 0, 0, interlaced ? 1 : 0], 8);
  const bytesPerRow =
    options.truncated === true ? 100 : depth === 1 ? Math.ceil(width / 8) : (width * 3 * depth) / 8;
  // Adam7 sends every pixel once, in seven pictures with a filter byte for each row; more bytes than that harm nobody.
  const rows = interlaced ? height * 2 : height;
  const pixels = deflateSync(Buffer.alloc((bytesPerRow + 1) * (options.truncated === true ? 10 : rows)), {
    level: 9,
  });
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const photo = (width: number, height: number): ReturnType<typeof sharp> =>
  sharp({ create: { width, height, channels: 3, background: '#336699' } });

/** Makes it, and how long that took. */
async function timed(bytes: Uint8Array): Promise<{ picture?: Buffer; error?: unknown; ms: number }> {
  const started = performance.now();
  try {
    const picture = await maker.make(bytes);
    return { picture, ms: performance.now() - started };
  } catch (error) {
    return { error, ms: performance.now() - started };
  }
}

describe('PictureMaker', () => {
  test.each([
    ['JPEG', () => photo(1920, 1080).jpeg().toBuffer(), [1280, 720]],
    ['PNG', () => photo(640, 480).png().toBuffer(), [640, 480]],
    ['WebP', () => photo(1000, 3000).webp().toBuffer(), [427, 1280]],
    [
      'JPEG that is to be turned',
      () => photo(400, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      [200, 400],
    ],
    ['PNG of 20000 × 10', async () => png(20_000, 10), [1280, 1]],
  ] as const)('%s: becomes a JPEG of at most 1280 pixels each way', async (_, make, [width, height]) => {
    const picture = await maker.make(await make());
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width, height });
  });

  test('nothing but the picture is left: no metadata, no second file behind it', async () => {
    const secret = '<script>alert(1)</script>';
    const jpeg = await photo(300, 200)
      .withExif({ IFD0: { Copyright: secret }, IFD3: { GPSLatitude: '1/1' } })
      .jpeg()
      .toBuffer();
    const polyglot = Buffer.concat([jpeg, Buffer.from(`PK\x03\x04${secret}`)]);
    expect(polyglot.toString('latin1').split(secret)).toHaveLength(3);
    const picture = await maker.make(polyglot);
    expect(picture.toString('latin1')).not.toContain('script');
    const { exif, icc, xmp } = await sharp(picture).metadata();
    expect([exif, icc, xmp]).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['GIF', Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(50_000)])],
    ['HTML', Buffer.from('<!doctype html><script>1</script>')],
    ['nothing', Buffer.alloc(0)],
    ['RIFF that is no WebP', Buffer.from('RIFF\0\0\0\0WAVEfmt ')],
    ['TIFF', Buffer.from('II*\0aaaaaaaaaaaa')],
  ])('%s: is refused before any process is started', async (_, bytes) => {
    const before = children.started;
    await expect(maker.make(bytes)).rejects.toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      statusCode: 415,
    });
    expect(children.started).toBe(before);
  });

  test('a GIF of 1,000 frames is refused under any name', async () => {
    const frames = Buffer.alloc(40 * 40 * 3 * 100);
    const gif = await sharp(frames, { raw: { width: 40, height: 40 * 100, channels: 3, pageHeight: 40 } })
      .gif()
      .toBuffer();
    const body = gif.subarray(13, gif.length - 1);
    const bomb = Buffer.concat([
      gif.subarray(0, 13),
      ...Array.from({ length: 10 }, () => body),
      gif.subarray(-1),
    ]);
    await expect(maker.make(bomb)).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('a moving WebP becomes its first picture', async () => {
    const frames = Buffer.alloc(64 * 64 * 3 * 50);
    const webp = await sharp(frames, { raw: { width: 64, height: 64 * 50, channels: 3, pageHeight: 64 } })
      .webp()
      .toBuffer();
    expect(await sharp(await maker.make(webp)).metadata()).toMatchObject({ width: 64, height: 64 });
  });

  test('5 MB is taken, a byte more is not', async () => {
    const jpeg = await photo(100, 100).jpeg().toBuffer();
    await maker.make(Buffer.concat([jpeg, Buffer.alloc((5 << 20) - jpeg.length)]));
    await expect(
      maker.make(Buffer.concat([jpeg, Buffer.alloc((5 << 20) - jpeg.length + 1)])),
    ).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  test('25 megapixels are taken, a row more is not; half of that where the whole must be unpacked', async () => {
    expect((await timed(png(5000, 5000))).picture).toBeDefined();
    expect((await timed(png(5000, 5001))).error).toMatchObject({ code: 'INVALID_REQUEST' });
    expect((await timed(png(5000, 2500, { depth: 8, interlaced: true }))).error).toBeUndefined();
    expect((await timed(png(5000, 2501, { depth: 8, interlaced: true }))).error).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect((await timed(png(5000, 2501, { depth: 16 }))).error).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test.each([
    ['a PNG of 30,000 × 30,000', () => png(30_000, 30_000, { truncated: true })],
    ['a PNG of 2^31 − 1 pixels each way', () => png(0x7fffffff, 0x7fffffff, { truncated: true })],
    ['a PNG that ends early', () => png(4000, 4000, { truncated: true })],
    ['a PNG of zeros', () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100_000)])],
    ['a JPEG of noise', () => Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(100_000, 0xa5)])],
    [
      'a WebP of noise',
      () => Buffer.concat([Buffer.from('RIFF\x00\x10\x00\x00WEBPVP8 ', 'latin1'), Buffer.alloc(4096, 0x5a)]),
    ],
  ])('%s: refused in words, with little work', async (_, make) => {
    const { error } = await timed(make());
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', statusCode: 400 });
    expect(children.cpuSec).toBeLessThan(2);
  });

  test('the largest pictures that are taken cost less than 200 MB and 2 s of a core', async () => {
    for (const make of [
      () => photo(5000, 5000).jpeg({ quality: 20 }).toBuffer(),
      () => photo(4000, 3125).jpeg({ quality: 20, progressive: true }).toBuffer(),
      async () => png(5000, 2500, { depth: 16, interlaced: true }),
      () => photo(4000, 3125).webp({ quality: 1, effort: 0 }).toBuffer(),
    ]) {
      const bytes = await make();
      expect(bytes.length).toBeLessThan(5 << 20);
      children.peakRssMb = 0;
      const { error } = await timed(bytes);
      expect(error).toBeUndefined();
      expect(children.peakRssMb).toBeLessThan(200);
      expect(children.cpuSec).toBeLessThan(2);
    }
  });

  test('a picture that takes too long is given up', async () => {
    const hasty = new PictureMaker({ children, log: silentLogger, limits: { timeoutMs: 1 } });
    await expect(hasty.make(await photo(2000, 2000).jpeg().toBuffer())).rejects.toMatchObject({
      message: 'the picture takes longer than 1 ms to read',
    });
  });

  test('two at once, so many wait, one more is told to come again', async () => {
    const busy = new PictureMaker({ children, log: silentLogger, limits: { maxAtOnce: 2, maxWaiting: 2 } });
    const jpeg = await photo(100, 100).jpeg().toBuffer();
    const before = children.count;
    const making = [1, 2, 3, 4].map(() => busy.make(jpeg));
    await Promise.resolve();
    await Promise.resolve();
    expect(children.count - before).toBe(2);
    await expect(busy.make(jpeg)).rejects.toMatchObject({ code: 'UNAVAILABLE', statusCode: 503 });
    expect(await Promise.all(making)).toHaveLength(4);
    await busy.make(jpeg);
  });
});
