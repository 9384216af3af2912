import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { containsIdr } from '@tallylight/media/codecs/h264/nal-type.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { throughProxy, UdpProxy } from '../../../../tests/support/udp-proxy.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { SeededRandom } from '../ingest/rtmp/testing/seeded-random.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { type Logger, silentLogger } from '../platform/logger.ts';
import type { VideoTrack } from '../stream/track.ts';
import { RtcRefusedError } from './rtc-gateway.ts';
import { RtcWorker } from './rtc-worker.ts';
import { isSrtp } from './testing/is-srtp.ts';
import { offerOf, PublishingBrowser } from './testing/publishing-browser.ts';
import { publish, type Recording, startWorker, type WorkerHarness } from './testing/worker-harness.ts';

let browser: PublishingBrowser;
let harness: WorkerHarness;

beforeAll(async () => {
  browser = await PublishingBrowser.open();
  harness = await startWorker();
});

afterAll(async () => {
  await browser?.close();
  await harness?.close();
});

afterEach(async () => {
  expect(harness.worker.up).toBe(true);
});

/** Waits for so many pictures. */
async function pictures(recording: Recording, count: number): Promise<void> {
  await waitFor(`${count} pictures`, () => recording.of('video').length >= count, 20_000);
}

function videoTracks(recording: Recording): VideoTrack[] {
  return recording.tracks.filter((track) => track.kind === 'video');
}

describe('Chromium publishes', () => {
  test('H.264 and Opus: access units of both, tracks before units, a keyframe first, on one clock', async () => {
    const page = await browser.newPage();
    const { session, recording } = await publish(harness.worker, page, { codec: 'H264' });
    expect(session.id).toMatch(/^[0-9a-f]{32}$/);
    expect(session.answer).toContain(`a=ice-ufrag:${session.iceUfrag}\r\n`);
    expect(session.answer).toContain(` 127.0.0.1 ${harness.port} typ host`);
    await pictures(recording, 90);
    await waitFor('three stats', () => recording.stats.length >= 3);

    expect(recording.order.indexOf('[video]')).toBeLessThan(recording.order.indexOf('video'));
    expect(recording.order.indexOf('[audio]')).toBeLessThan(recording.order.indexOf('audio'));
    expect(recording.units[0]).toMatchObject({ kind: 'video', keyframe: true });

    const [track] = videoTracks(recording);
    expect(track).toMatchObject({ codec: 'h264', timescale: 1000 });
    expect(track?.codecString).toMatch(/^avc1\.42/);
    expect(parseAvcConfig(track?.config ?? new Uint8Array(0)).nalLengthSize).toBe(4);
    const video = recording.of('video');
    for (const unit of video) {
      expect(containsIdr(unit.payload), 'keyframe and IDR are the same').toBe(unit.keyframe);
      expect(unit.dts).toBe(unit.pts);
    }
    const [sound] = recording.tracks.filter(({ kind }) => kind === 'audio');
    expect(sound).toMatchObject({ codec: 'opus', sampleRate: 48_000, channels: 2, samplesPerFrame: 960 });

    for (const kind of ['video', 'audio'] as const) {
      const times = recording.of(kind).map(({ pts }) => pts);
      const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(Math.min(...steps), kind).toBeGreaterThan(0);
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
      const expected = kind === 'video' ? 1000 / 30 : 20;
      expect(mean, kind).toBeGreaterThan(expected * 0.8);
      expect(mean, kind).toBeLessThan(expected * 1.25);
    }
    const audio = recording.of('audio');
    expect(Math.abs((audio.at(-1)?.pts ?? 0) - (video.at(-1)?.pts ?? 0)), 'A/V apart').toBeLessThan(150);
    expect(recording.stats.at(-1)).toMatchObject({ lossFraction: 0, hasBFrames: false, droppedFrames: 0 });
    expect(recording.stats.at(-1)?.bitrateBps).toBeGreaterThan(50_000);
    expect(recording.stats.at(-1)?.rttMs).toBeLessThan(200);
    session.close();
    await page.close();
  });

  test('H.264: an IDR comes at least every 2.5 s, and soon when it is asked for', async () => {
    const page = await browser.newPage();
    const { session, recording } = await publish(harness.worker, page, { codec: 'H264', audio: false });
    const keyframes = () => recording.of('video').filter(({ keyframe }) => keyframe);
    await waitFor('three keyframes', () => keyframes().length >= 3, 15_000);
    const times = keyframes().map(({ pts }) => pts);
    for (let i = 1; i < times.length; i++) {
      expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeLessThanOrEqual(2500);
    }
    const before = keyframes().length;
    const askedMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 600));
    session.requestKeyframe();
    await waitFor('a keyframe', () => keyframes().length > before, 5000, 10);
    expect(performance.now() - askedMs).toBeLessThan(1500);
    expect(session.silentForMs()).toBeLessThan(500);
    session.close();
    await page.close();
  });

  test('VP8 when it has nothing else: the size from the keyframe, no configuration', async () => {
    const page = await browser.newPage();
    const { session, recording } = await publish(harness.worker, page, { codec: 'VP8' });
    await pictures(recording, 30);
    const [track] = videoTracks(recording);
    expect(track).toMatchObject({ codec: 'vp8', codecString: 'vp8', config: new Uint8Array(0) });
    expect((track?.width ?? 0) / (track?.height ?? 1)).toBeCloseTo(16 / 9, 1);
    expect(recording.units[0]).toMatchObject({ kind: 'video', keyframe: true });
    session.close();
    await page.close();
  });

  test('sound alone', async () => {
    const page = await browser.newPage();
    const { session, recording } = await publish(harness.worker, page, { video: false });
    await waitFor('sound', () => recording.of('audio').length >= 20);
    expect(recording.tracks.map(({ kind }) => kind)).toEqual(['audio']);
    session.close();
    await page.close();
  });

  test('two layers: the larger is taken, the smaller when that is turned off, and the larger again', async () => {
    const page = await browser.newPage();
    const layers = [
      { rid: 'q', scale: 4, maxBitrate: 200_000 },
      { rid: 'f', scale: 1, maxBitrate: 1_500_000 },
    ];
    const { session, recording } = await publish(harness.worker, page, { layers });
    expect(session.answer).toContain('a=simulcast:recv q;f\r\n');
    await waitFor('the larger layer', () => recording.stats.at(-1)?.rid === 'f', 15_000);
    const width = () => videoTracks(recording).at(-1)?.width;
    await waitFor('1280 pixels', () => width() === 1280, 15_000);

    const enable = (rid: string, active: boolean) =>
      page.evaluate(
        async ([wanted, on]) => {
          const { publisher } = window as unknown as { publisher: RTCPeerConnection };
          const sender = publisher.getSenders().find(({ track }) => track?.kind === 'video');
          const parameters = sender?.getParameters();
          for (const encoding of parameters?.encodings ?? [])
            if (encoding.rid === wanted) encoding.active = on;
          if (parameters !== undefined) await sender?.setParameters(parameters);
        },
        [rid, active] as const,
      );
    await enable('f', false);
    await waitFor('the smaller layer', () => width() === 320, 10_000);
    await enable('f', true);
    await waitFor('the larger layer again', () => width() === 1280, 15_000);
    await pictures(recording, 30);
    const all = recording.of('video');
    // The browser has no B-frames, and a change of the layer must not look like one.
    expect(all.filter(({ pts, dts }) => pts !== dts)).toEqual([]);
    const steps = all.slice(1).map(({ pts }, index) => pts - (all[index]?.pts ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(Math.max(...steps), 'the smaller layer waits 1 s and for its keyframe').toBeLessThan(4000);
    session.close();
    await page.close();
  });
});

describe('a network that loses 2 % and takes 50 ms there and back', () => {
  test('costs no picture: what is lost is sent again', async () => {
    const near = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
    const page = await browser.newPage();
    const random = new SeededRandom(2);
    let lost = 0;
    // Only media is lost, so that the handshake takes the same time in each run.
    const change = (datagram: Buffer): readonly Buffer[] => {
      if (!isSrtp(datagram) || random.below(100) >= 2) return [datagram];
      lost++;
      return [];
    };
    const proxy = await UdpProxy.start({
      targetPort: near.port,
      toServer: { delayMs: 25, change },
      toClient: { delayMs: 25 },
    });
    const { session, recording } = await publish(
      near.worker,
      page,
      { codec: 'H264' },
      { answer: (sdp) => throughProxy(sdp, proxy.port) },
    );
    await pictures(recording, 300);
    expect(lost).toBeGreaterThan(10);
    const steps = recording
      .of('video')
      .map(({ pts }, index, all) => (index === 0 ? 0 : pts - (all[index - 1]?.pts ?? 0)));
    expect(recording.stats.reduce((sum, { droppedFrames }) => sum + droppedFrames, 0)).toBe(0);
    expect(Math.max(...steps), 'the longest step between pictures').toBeLessThan(300);
    expect(recording.stats.at(-1)?.rttMs).toBeGreaterThan(40);
    session.close();
    await proxy.close();
    await page.close();
    await near.close();
  });
});

describe('a session', () => {
  test('whose browser says good-bye is closed by its peer', async () => {
    const page = await browser.newPage();
    const { recording } = await publish(harness.worker, page, { audio: false });
    await pictures(recording, 5);
    await page.evaluate(() => (window as unknown as { publisher: RTCPeerConnection }).publisher.close());
    await waitFor('the end', () => recording.closed.length > 0, 8000);
    expect(recording.closed).toEqual(['closed-by-peer']);
    await page.close();
  });

  test('whose browser falls silent is closed after 5 s', async () => {
    const page = await browser.newPage();
    const { session, recording } = await publish(harness.worker, page);
    await pictures(recording, 5);
    await page.evaluate(() => {
      const { publisher } = window as unknown as { publisher: RTCPeerConnection };
      return Promise.all(publisher.getSenders().map((sender) => sender.replaceTrack(null)));
    });
    await waitFor('the end', () => recording.closed.length > 0, 12_000);
    expect(recording.closed).toEqual(['silent']);
    const units = recording.units.length;
    session.close();
    expect(recording.units.length).toBe(units);
    await page.close();
  });

  test('whose offer nobody follows up ends after the time for ICE', async () => {
    const quick = await startWorker({ limits: { iceTimeoutMs: 700 } });
    const page = await browser.newPage();
    const { recording } = await publish(
      quick.worker,
      page,
      {},
      { answer: (sdp) => sdp.replaceAll(/ \d+ typ host/g, ' 9 typ host') },
    );
    await waitFor('the end', () => recording.closed.length > 0, 5000);
    expect(recording.closed).toEqual(['ice-timeout']);
    expect(recording.units).toEqual([]);
    await page.close();
    await quick.close();
  });

  test('is refused for an offer that is none, that has no codec of ours, or is too long', async () => {
    const listener = { onTrack() {}, onUnit() {}, onStats() {}, onClosed() {} };
    const open = (offer: string) => harness.worker.openIngest({ offer, listener });
    await expect(open('v=0\r\nnonsense')).rejects.toThrow(RtcRefusedError);
    await expect(open('v=0\r\nnonsense')).rejects.toMatchObject({ reason: 'bad-offer' });
    const page = await browser.newPage();
    const others = await offerOf(page, { codec: 'VP9', audio: false });
    await expect(open(others)).rejects.toMatchObject({ reason: 'bad-offer', message: /VP9/ });
    await page.close();
    await expect(open('x'.repeat(70_000))).rejects.toMatchObject({ reason: 'bad-offer' });
    const few = await startWorker({ limits: { maxSessions: 0 } });
    await expect(few.worker.openIngest({ offer: 'v=0', listener })).rejects.toMatchObject({
      reason: 'too-many',
    });
    await few.close();
  });
});

describe('sessions of viewers and probes', () => {
  test('leave places for publishers', async () => {
    const few = await startWorker({ limits: { maxSessions: 2, publisherPlaces: 1 } });
    const page = await browser.newPage();
    const offer = await page.evaluate(async () => {
      const connection = new RTCPeerConnection();
      connection.createDataChannel('probe');
      return (await connection.createOffer()).sdp ?? '';
    });
    const probe = await few.worker.openProbe({ offer });
    await expect(few.worker.openProbe({ offer })).rejects.toMatchObject({ reason: 'too-many' });
    const { session } = await publish(few.worker, page);
    await expect(publish(few.worker, page)).rejects.toMatchObject({ reason: 'too-many' });
    session.close();
    probe.close();
    await few.close();
    await page.close();
  });
});

describe('a probe', () => {
  test('echoes what a data channel says, and ends', async () => {
    const quick = await startWorker({ limits: { probeLifeMs: 3000 } });
    const page = await browser.newPage();
    const offer = await page.evaluate(async () => {
      const connection = new RTCPeerConnection();
      const channel = connection.createDataChannel('probe');
      const heard: string[] = [];
      Object.assign(window, { publisher: connection, channel, heard });
      channel.addEventListener('open', () => channel.send('hello'));
      channel.addEventListener('message', ({ data }) => heard.push(String(data)));
      channel.addEventListener('close', () => heard.push('(closed)'));
      await connection.setLocalDescription();
      return connection.localDescription?.sdp ?? '';
    });
    const { answer } = await quick.worker.openProbe({ offer });
    await page.evaluate(async (sdp) => {
      const { publisher } = window as unknown as { publisher: RTCPeerConnection };
      await publisher.setRemoteDescription({ type: 'answer', sdp });
    }, answer);
    const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    await waitFor('the echo', async () => (await heard()).includes('hello'));
    await waitFor('the end', async () => (await heard()).includes('(closed)'));
    await page.close();
    await quick.close();
  });
});

describe('the child process', () => {
  test('that is killed loses its sessions, is started again, and serves new ones', async () => {
    const other = await startWorker();
    const page = await browser.newPage();
    const first = await publish(other.worker, page);
    await pictures(first.recording, 5);
    const pid = other.worker.pid ?? 0;
    const killedMs = performance.now();
    process.kill(pid, 'SIGKILL');
    await waitFor('the loss', () => first.recording.closed.length > 0, 3000, 5);
    expect(first.recording.closed).toEqual(['worker-lost']);
    expect(performance.now() - killedMs).toBeLessThan(1000);
    const listener = { onTrack() {}, onUnit() {}, onStats() {}, onClosed() {} };
    await expect(other.worker.openIngest({ offer: 'v=0', listener })).rejects.toMatchObject({
      reason: 'unavailable',
    });

    await waitFor('the restart', () => other.worker.up, 5000, 10);
    expect(other.worker.pid).not.toBe(pid);
    expect(performance.now() - killedMs).toBeLessThan(3000);
    const second = await publish(other.worker, page);
    await pictures(second.recording, 5);
    expect(first.recording.closed).toHaveLength(1);
    await page.close();
    await other.close();
  });

  test('that hangs is replaced', async () => {
    const other = await startWorker();
    const pid = other.worker.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    await waitFor('another child', () => other.worker.up && other.worker.pid !== pid, 20_000);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await other.close();
  });

  test('sees no environment of ours but what it needs', async () => {
    const environment = readFileSync(`/proc/${harness.worker.pid}/environ`, 'utf8').split('\0');
    const names = environment.filter((line) => line !== '').map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PATH', 'LD_LIBRARY_PATH', 'LANG'].includes(name ?? ''))).toEqual([]);
  });

  test('ends with the worker', async () => {
    const other = await startWorker();
    const pid = other.worker.pid;
    await other.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('ends when the server is killed with SIGKILL', async () => {
    const script = fileURLToPath(new URL('./testing/worker-server.ts', import.meta.url));
    const server = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) =>
      server.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
    );
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    server.kill('SIGKILL');
    await waitFor('the end of the child', () => !existsSync(`/proc/${pid}`), 5000);
  });

  test('that finds its port taken says so', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve));
    const { port } = socket.address();
    const children = new ChildProcesses();
    const worker = new RtcWorker({ clock: systemClock, log: silentLogger, children, port });
    await expect(worker.start()).rejects.toThrow(`UDP port ${port}`);
    await worker.close();
    await children.close();
    socket.close();
  });

  test('that finds its port taken when it is started again says so in the log', async () => {
    const errors: string[] = [];
    const log: Logger = { ...silentLogger, error: (_fields, event) => errors.push(event) };
    const other = await startWorker({}, log);
    process.kill(other.worker.pid ?? 0, 'SIGKILL');
    await waitFor('the loss', () => !other.worker.up, 3000, 2);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(other.port, '0.0.0.0', resolve));
    await waitFor(
      'the reason',
      () => errors.some((event) => event.includes(`UDP port ${other.port}`)),
      10_000,
    );
    socket.close();
    await waitFor('the restart', () => other.worker.up, 15_000);
    await other.close();
  });
});
