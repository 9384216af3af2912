import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeUdpPort } from '../../../../tests/support/free-port.ts';
import { LlReader, openReaders } from '../../../../tests/support/ll-reader.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { RtcWorker } from '../rtc-worker/rtc-worker.ts';
import { acceptAnswer, PublishingBrowser } from '../rtc-worker/testing/publishing-browser.ts';
import { clickOffsetsMs } from './testing/av-offset.ts';
import { PipelineServer } from './testing/pipeline-server.ts';
import { renditionFile } from './testing/rendition-file.ts';

/** Segments of two seconds, so that four are whole. */
const SECONDS = 10;

let browser: PublishingBrowser;
let children: ChildProcesses;
let worker: RtcWorker;
let server: PipelineServer;

beforeAll(async () => {
  browser = await PublishingBrowser.open();
  children = new ChildProcesses({ maxChildren: 2 });
  const port = await freeUdpPort();
  worker = new RtcWorker({
    clock: systemClock,
    log: silentLogger,
    children,
    port,
    advertisedAddresses: ['127.0.0.1'],
  });
  await worker.start();
  server = await PipelineServer.start({ steps: [{ shortSide: 360, bitrateBps: 600_000 }] });
});
afterAll(async () => {
  await browser.close();
  await worker.close();
  await server.close();
  await children.close();
});

/** An offer of a picture that turns white once a second, and a tone that begins at the same moment. */
function flashingOffer(page: Page, codec: string): Promise<string> {
  return page.evaluate(async (codec) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 360];
    const context = canvas.getContext('2d');
    const audio = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    const tone = new OscillatorNode(audio, { frequency: 1500 });
    const gain = new GainNode(audio, { gain: 0 });
    const sink = new MediaStreamAudioDestinationNode(audio);
    tone.connect(gain).connect(sink);
    tone.start();
    await audio.resume();
    let count = 0;
    setInterval(() => {
      const white = audio.currentTime % 1 < 0.15;
      if (context !== null) {
        context.fillStyle = white ? '#fff' : `rgb(${(count += 7) % 60}, 0, 40)`;
        context.fillRect(0, 0, canvas.width, canvas.height);
      }
      gain.gain.setValueAtTime(white ? 0.8 : 0, audio.currentTime);
    }, 10);
    const connection = new RTCPeerConnection();
    Object.assign(window, { publisher: connection });
    const media = new MediaStream([...canvas.captureStream(30).getTracks(), ...sink.stream.getTracks()]);
    for (const track of media.getTracks()) {
      const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      if (track.kind !== 'video') continue;
      const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === `video/${codec}`));
    }
    await connection.setLocalDescription();
    await new Promise<void>((resolve) => {
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === 'complete') resolve();
      };
    });
    return connection.localDescription?.sdp ?? '';
  }, codec);
}

// Only the figure that a busy page makes worse has a second chance.
describe('a browser that publishes', { retry: { count: 1, condition: /^lips in step/ } }, () => {
  test.each(['H264', 'VP8'])('%s and Opus become playlists, lips in step', async (codec) => {
    const streamId = `browser-${codec.toLowerCase()}-${String(Math.round(performance.now()))}`;
    const page = await browser.newPage();
    const sink = server.publish(streamId);
    sink.expectTracks({ video: true, audio: true });
    const session = await worker.openIngest({
      offer: await flashingOffer(page, codec),
      listener: {
        onTrack: (track) => sink.writeTrack(track),
        onUnit: (unit) => sink.writeUnit(unit),
        onStats: () => {},
        onClosed: () => sink.end('connection-lost'),
      },
    });
    try {
      await acceptAnswer(page, session.answer);
      const readers = await openReaders(server.url(streamId), { atLeast: 2, timeoutMs: 15_000 });
      expect(readers.map(({ id }) => id).toSorted()).toEqual(['audio', 'source']);
      await Promise.all(readers.map((reader: LlReader) => reader.follow(SECONDS)));
      for (const { id, holes, problems, dependentSegments } of readers) {
        expect({ id, holes, problems, dependentSegments }).toEqual({
          ...{ id, holes: [], problems: [], dependentSegments: [] },
        });
      }
      const offsets = await waitFor('flashes and clicks', async () => {
        const presentation = server.sessions.presentation(streamId);
        const [video, audio] = [renditionFile(presentation, 'source'), renditionFile(presentation, 'audio')];
        const found = await clickOffsetsMs({ video, audio });
        return found.length >= 4 ? found : undefined;
      });
      const middle = offsets.toSorted((a, b) => a - b)[offsets.length >> 1];
      // The page itself draws and sounds some 30 ms apart.
      expect(Math.abs(middle ?? Number.NaN), `lips in step: ${String(offsets)}`).toBeLessThan(60);
    } finally {
      session.close();
      sink.end('unpublished');
      await page.close();
    }
  });
});
