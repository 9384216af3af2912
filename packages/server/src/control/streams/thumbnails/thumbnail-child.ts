// The child process that makes one picture anew: bytes on stdin; on stdout a byte when it begins, then a JPEG. What a picture does to
// its decoder ends with it.
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';

/** Exit code for a picture that is refused; its stderr says why. Anything else is a failure of the child. */
const REFUSED = 3;

const [maxPixels = 0, maxPixelsWhole = 0, maxWidth = 0] = process.argv.slice(2).map(Number);

sharp.concurrency(1);
sharp.cache(false);
// Loaders of formats that are not taken would be reached by bytes that begin like one that is.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});

const bytes = await buffer(process.stdin);
// From here on the deadline runs: how long a process takes to start says nothing of the picture.
process.stdout.write('!');
const options = { limitInputPixels: maxPixels, sequentialRead: true, failOn: 'error', pages: 1 } as const;
try {
  const { depth, format, height, isProgressive, width } = await sharp(bytes, options).metadata();
  const isWhole = isProgressive || depth === 'ushort' || format === 'webp';
  const most = isWhole ? maxPixelsWhole : maxPixels;
  if (width * height > most)
    throw new RangeError(`the picture has ${width} × ${height} pixels, and ${most} are the most`);
  const picture = await sharp(bytes, options)
    .rotate()
    .resize({ width: maxWidth, height: maxWidth, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#000000' })
    .jpeg({ quality: 82 })
    .toBuffer();
  process.stdout.write(picture);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message.slice(0, 300) : 'not a picture');
  process.exitCode = REFUSED;
}
