import { expect, test } from 'vitest';
import { liveGauges } from './live-gauges.ts';
import { qualitySample } from './quality-sample.ts';
import { GOOD_FIGURES } from './testing/fake-live.ts';

/** What a scrape would see: name without its prefix, and label if any, to value. */
function scrape(latest: ReadonlyMap<string, ReturnType<typeof qualitySample>>): Record<string, number> {
  const gauges = liveGauges({
    telemetry: { latest, pending: 7 },
    viewers: { byTransport: () => new Map([['ll-hls', 9]]) },
    live: { viewers: () => ({ hls: 4, whep: 1 }) },
  });
  const seen = gauges.flatMap(({ name, values }) =>
    values.map(({ labels, value }) => {
      const label = Object.entries(labels).map(([key, of]) => `{${key}="${of}"}`);
      return [`${name.replace(/^tallylight_/, '')}${label.join('')}`, value] as const;
    }),
  );
  return Object.fromEntries(seen);
}

function sample(change: Partial<typeof GOOD_FIGURES>) {
  return qualitySample({
    ...{ streamId: 'a', recordedAtMs: 0, droppedBefore: 0, viewers: 1, connections: 1, latencyMs: undefined },
    figures: { ...GOOD_FIGURES, ...change },
  });
}

test('figures of all streams together, without the name of any', () => {
  const latest = new Map([
    ['one', sample({ encoderSpeed: 1 })],
    ['two', sample({ encoderSpeed: 0.9, bitrateKbps: 2000 })],
    ['three', sample({})],
  ]);
  expect(scrape(latest)).toEqual({
    live_streams: 3,
    'viewer_sessions{transport="ll-hls"}': 9,
    'viewer_connections{transport="hls"}': 12,
    'viewer_connections{transport="whep"}': 3,
    ingest_bits_per_second: 8_000_000,
    encoded_streams: 2,
    encoder_speed_min: 0.9,
    stream_health_min: 79,
    stream_health_mean: 93,
    quality_metrics_pending: 7,
  });
});

test('what nobody knows is absent, not nought', () => {
  expect(scrape(new Map())).toEqual({
    ...{ live_streams: 0, ingest_bits_per_second: 0, encoded_streams: 0, quality_metrics_pending: 7 },
    ...{ 'viewer_connections{transport="hls"}': 0, 'viewer_connections{transport="whep"}': 0 },
    'viewer_sessions{transport="ll-hls"}': 9,
  });
});
