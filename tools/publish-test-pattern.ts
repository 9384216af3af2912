#!/usr/bin/env node
/**
 * Publishes the test card to any RTMP server: a moving picture with a clock for people and one for machines, and a tone that beeps with it.
 *
 *   npx node tools/publish-test-pattern.ts --url rtmp://127.0.0.1/live/key --size 1280x720 --fps 30 --gop 2 --seconds 60
 */
import { parseArgs } from 'node:util';
import { parseRtmpUrl } from '@tallylight/server/egress/rtmp/rtmp-target.ts';
import {
  type CardOptions,
  defaultCardOptions,
  framesPerSecond,
} from '@tallylight/server/test-card/card-options.ts';
import { publishTestCard } from '@tallylight/server/test-card/test-card-publisher.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    size: { type: 'string', default: '1280x720' },
    fps: { type: 'string', default: '30' },
    gop: { type: 'string', default: '2' },
    bitrate: { type: 'string', default: '2000k' },
    seconds: { type: 'string' },
    plain: { type: 'boolean', default: false },
    'no-audio': { type: 'boolean', default: false },
    'encoder-args': { type: 'string', default: '' },
    ffmpeg: { type: 'string', default: process.env['FFMPEG_PATH'] ?? defaultCardOptions.ffmpegPath },
  },
});

const usage =
  'usage: publish-test-pattern --url rtmp://host:1935/live/key [--size 1280x720] [--fps 30] [--gop 2] [--bitrate 2000k] ' +
  '[--seconds 60] [--plain] [--no-audio] [--encoder-args "-x264-params …"] [--ffmpeg path]';

try {
  if (values.url === undefined) throw new TypeError(usage);
  const target = parseRtmpUrl(values.url);
  const options = readOptions();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  if (values.seconds !== undefined) setTimeout(() => stop.abort(), 1000 * Number(values.seconds)).unref();
  console.log(
    `publishing ${options.width}x${options.height} at ${options.frameRate} fps to ${target.host}:${target.port}/${target.app}`,
  );
  await publishTestCard(target, options, stop.signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function readOptions(): CardOptions {
  const [, width, height] = /^(\d{2,4})x(\d{2,4})$/.exec(values.size) ?? [];
  const [, kilobits] = /^(\d{1,6})k$/.exec(values.bitrate) ?? [];
  if (width === undefined || height === undefined || kilobits === undefined || !(Number(values.gop) > 0))
    throw new TypeError(usage);
  framesPerSecond(values.fps);
  return {
    width: Number(width),
    height: Number(height),
    frameRate: values.fps,
    gopSec: Number(values.gop),
    bitrateBps: 1000 * Number(kilobits),
    audio: !values['no-audio'],
    picture: values.plain ? 'plain' : 'moving',
    encoderArgs: values['encoder-args'].split(' ').filter((word) => word !== ''),
    ffmpegPath: values.ffmpeg,
  };
}
