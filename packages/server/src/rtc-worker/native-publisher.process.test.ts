import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { Recording, startWorker } from './testing/worker-harness.ts';

/** A publisher of the native library, and the worker that it publishes to. */
async function started(...args: readonly string[]) {
  const harness = await startWorker();
  const script = fileURLToPath(new URL('./testing/native-publisher.ts', import.meta.url));
  const publisher = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(publisher.stdout, 'data')) as [Buffer];
  const { offer } = JSON.parse(line.toString()) as { offer: string };
  expect(offer).toContain('a=candidate:');

  const recording = new Recording();
  const session = await harness.worker.openIngest({ offer, listener: recording });
  publisher.stdin.write(`${JSON.stringify({ answer: session.answer })}\n`);
  return { harness, publisher, recording, session };
}

test('a publisher like OBS with B-frames: named in the stats, decode times rise, and its death is noticed', async () => {
  const { harness, publisher, recording } = await started();
  await waitFor('120 pictures', () => recording.units.length >= 120, 20_000);
  expect(recording.tracks[0]).toMatchObject({ kind: 'video', codec: 'h264', width: 640, height: 360 });
  expect(recording.stats.at(-1)).toMatchObject({ hasBFrames: true, lossFraction: 0, droppedFrames: 0 });

  const units = recording.units.slice(30);
  const decode = units.map(({ dts }) => dts);
  expect(units.every(({ pts, dts }) => dts <= pts)).toBe(true);
  expect(decode.every((dts, index) => index === 0 || dts > (decode[index - 1] ?? 0))).toBe(true);
  expect(units.some(({ pts }, index) => pts < (units[index - 1]?.pts ?? 0))).toBe(true);
  const shown = units.map(({ pts }) => pts).sort((a, b) => a - b);
  const steps = shown.slice(1).map((pts, index) => pts - (shown[index] ?? 0));
  // x264 at 30 frames a second: every picture has its own place, moved a little by the clock's corrections.
  expect(Math.min(...steps.slice(2, -4))).toBeGreaterThan(20);
  expect(Math.max(...steps.slice(2, -4))).toBeLessThan(47);

  publisher.kill('SIGKILL');
  await waitFor('the end', () => recording.closed.length > 0, 8000);
  expect(recording.closed).toEqual(['silent']);
  await harness.close();
});

test('a screen with seconds between its pictures is not silent, so that nobody takes over from it', async () => {
  const { harness, publisher, recording, session } = await started('still');
  await waitFor('the first picture', () => recording.units.length > 0, 20_000, 10);
  let silentMs = 0;
  await waitFor(
    'the second picture',
    () => {
      silentMs = Math.max(silentMs, session.silentForMs());
      return recording.units.length > 1;
    },
    10_000,
    10,
  );
  // It reports every 0.5 s; a takeover needs 1.5 s of silence.
  expect(silentMs).toBeLessThan(1500);
  publisher.kill('SIGKILL');
  await waitFor('silence', () => session.silentForMs() > 1500, 5000);
  await harness.close();
});
