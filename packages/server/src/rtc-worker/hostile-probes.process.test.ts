import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { MAX_PROBE_BYTES, MAX_PROBE_MESSAGE_BYTES, MAX_PROBE_MESSAGES } from './child/probe-bound.ts';
import { type NativeProbe, openNativeProbe } from './testing/native-probe.ts';
import { startWorker, type WorkerHarness } from './testing/worker-harness.ts';

let harness: WorkerHarness;
let probe: NativeProbe;

beforeAll(async () => {
  harness = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
});

afterAll(() => harness?.close());

beforeEach(async () => {
  probe = await openNativeProbe(harness.worker);
});

afterEach(() => probe?.connection.close());

function send(count: number, bytes: number): void {
  const message = Buffer.alloc(bytes, 7);
  for (let i = 0; i < count; i++) probe.channel.sendMessageBinary(message);
}

async function ended(): Promise<void> {
  await waitFor('the end', () => probe.closed.length > 0, 5000, 5);
  expect(probe.closed).toEqual(['protocol-error']);
}

test(`a probe hears ${MAX_PROBE_MESSAGES} messages again, and one more ends it`, async () => {
  send(MAX_PROBE_MESSAGES, 20);
  await waitFor('every echo', () => probe.echoes.length === MAX_PROBE_MESSAGES, 10_000, 5);
  expect(probe.closed).toEqual([]);
  send(1, 20);
  await ended();
});

test(`a probe hears ${MAX_PROBE_BYTES} bytes again, and one more ends it`, async () => {
  const count = MAX_PROBE_BYTES / MAX_PROBE_MESSAGE_BYTES;
  send(count, MAX_PROBE_MESSAGE_BYTES);
  await waitFor('every echo', () => probe.echoes.length === count, 10_000, 5);
  expect(probe.closed).toEqual([]);
  send(1, 1);
  await ended();
});

test.each([MAX_PROBE_MESSAGE_BYTES + 1, 16_384])(
  'a message of %i bytes, which is too long, ends the probe',
  async (bytes) => {
    send(1, bytes);
    await ended();
    expect(probe.echoes).toEqual([]);
  },
);

test('a flood ends its own session only, and costs little', async () => {
  const other = await openNativeProbe(harness.worker);
  const flood = setInterval(() => {
    try {
      send(500, 20);
    } catch {
      // It was closed, which is what is waited for.
    }
  }, 1);
  await ended();
  clearInterval(flood);
  expect(probe.echoes.length).toBeLessThanOrEqual(MAX_PROBE_MESSAGES);
  other.channel.sendMessage('hello');
  await waitFor('the echo of another', () => other.echoes.includes('hello'), 5000, 5);
  other.session.close();
  other.connection.close();
});

test('a probe whose peer leaves tells its end', async () => {
  probe.connection.close();
  await waitFor('the end', () => probe.closed.length > 0, 5000, 5);
  expect(probe.closed).toEqual(['closed-by-peer']);
});
