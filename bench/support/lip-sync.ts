import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beepTimes, flashTimes } from '../../tests/support/flashing-clip.ts';
import { httpGet } from '../../tests/support/http-client.ts';
import { median } from './report.ts';

/**
 * How much later than its picture the sound of a live stream stands in its newest segments, in milliseconds: the median over the
 * flashes that have a beep. The stream is one of the clock camera with `flash: 'picture'`.
 */
export async function avOffsetMs(multivariantUrl: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tallylight-lip-sync-'));
  try {
    const [flashes, beeps] = await Promise.all([
      newest(multivariantUrl, 'source', folder).then(flashTimes),
      newest(multivariantUrl, 'audio', folder).then(beepTimes),
    ]);
    const offsets = flashes.flatMap((flash) =>
      beeps.map((beep) => beep - flash).filter((offset) => Math.abs(offset) < 0.4),
    );
    if (offsets.length === 0)
      throw new Error(`${flashes.length} flashes, ${beeps.length} beeps, no pair of them`);
    return 1000 * median(offsets);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last four complete segments of a rendition behind their init section, as one file. */
async function newest(multivariantUrl: string, rendition: string, folder: string): Promise<string> {
  const url = new URL(`${rendition}/index.m3u8`, multivariantUrl);
  const playlist = (await httpGet(url.href)).body.toString();
  const init = [...playlist.matchAll(/#EXT-X-MAP:URI="([^"]+)"/g)].at(-1)?.[1];
  const segments = playlist.split('\n').filter((line) => line.endsWith('.m4s') && !line.startsWith('#'));
  if (init === undefined) throw new Error(`no init section in ${url.href}`);
  const pieces: Buffer[] = [];
  for (const name of [init, ...segments.slice(-4)])
    pieces.push((await httpGet(new URL(name, url).href)).body);
  const file = join(folder, `${rendition}.mp4`);
  await writeFile(file, Buffer.concat(pieces));
  return file;
}
