import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { probe } from '../support/ffprobe.ts';
import { httpGet } from '../support/http-client.ts';
import { newerFfmpeg, requireAll } from '../support/newer-ffmpeg.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

const ffmpeg = newerFfmpeg();
const speaksWhip =
  ffmpeg !== undefined &&
  execFileSync(ffmpeg, ['-hide_banner', '-muxers'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).includes(' whip ');
if (!speaksWhip)
  console.log('skipped: foreign-whip.test.ts needs an FFmpeg with the WHIP muxer (8 or newer, with TLS)');

describe.skipIf(!speaksWhip && !requireAll)('FFmpeg as a WHIP publisher', () => {
  let server: Tallylight;
  let publisher: FfmpegPublisher | undefined;

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
  });

  afterAll(async () => {
    await publisher?.stop('SIGKILL');
    await server.stop();
  });

  test('is seen and heard by LL-HLS, and its health is known', async () => {
    const key = await server.addKey('foreign');
    const clip = await makeClip({ size: '640x360', seconds: 20, gop: 30, profile: 'baseline' });
    publisher = FfmpegPublisher.start(
      [
        ...[
          '-v',
          'error',
          '-re',
          '-stream_loop',
          '-1',
          '-i',
          clip,
          '-c:v',
          'copy',
          '-bsf:v',
          'h264_mp4toannexb',
        ],
        ...[
          '-c:a',
          'libopus',
          '-ar',
          '48000',
          '-ac',
          '2',
          '-f',
          'whip',
          '-authorization',
          key,
          `${server.url}/whip`,
        ],
      ],
      ffmpeg,
    );
    const playlist = server.playlistUrl('foreign');
    await waitFor(
      `a playlist; FFmpeg says: ${publisher.stderr}`,
      async () => (await httpGet(playlist)).status === 200,
      20_000,
    );
    const { streams } = await probe(playlist);
    expect(streams).toHaveLength(2);
    expect(streams.find((stream) => stream.codec_type === 'video')).toMatchObject({
      codec_name: 'h264',
      width: 640,
      height: 360,
    });
    expect(streams.find((stream) => stream.codec_type === 'audio')).toMatchObject({
      codec_name: 'aac',
      sample_rate: '48000',
    });
    const health = await waitFor('the health of the publisher', async () => {
      const body = (await httpGet(`${server.url}/api/streams/foreign/health`)).body.toString();
      const status = JSON.parse(body) as { protocol: string; health: { framesPerSecond: number } | null };
      return status.health !== null && status.health.framesPerSecond > 25 && status;
    });
    expect(health.protocol).toBe('whip');
    expect(publisher.stderr).toBe('');
  });
});
