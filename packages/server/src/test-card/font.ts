import { access } from 'node:fs/promises';

/** Fonts that systems bring, the best for figures first. */
const candidates = [
  '/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf',
  '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf',
  '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  '/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf',
  '/usr/share/fonts/TTF/DejaVuSansMono.ttf',
  '/usr/share/fonts/TTF/DejaVuSans.ttf',
  '/usr/share/fonts/dejavu/DejaVuSansMono.ttf',
  '/usr/share/fonts/truetype/liberation/LiberationMono-Bold.ttf',
  '/usr/share/fonts/truetype/freefont/FreeMonoBold.ttf',
  '/System/Library/Fonts/Menlo.ttc',
  '/System/Library/Fonts/Monaco.ttf',
];

/** A font file that FFmpeg's drawtext can use, or undefined when this system has none that we know. */
export async function findFont(): Promise<string | undefined> {
  for (const path of candidates) {
    try {
      await access(path);
      return path;
    } catch {
      // Look at the next one.
    }
  }
  return undefined;
}
