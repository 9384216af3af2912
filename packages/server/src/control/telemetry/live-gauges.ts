import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import type { LivePort } from '../live-port.ts';

/** One figure for Prometheus, for each of its labels' values. */
export interface Gauge {
  /** In full, such as `tallylight_live_streams`. */
  readonly name: string;
  readonly help: string;
  /** None: nobody knows. */
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Whom the figures are of. */
export interface GaugeSources {
  readonly telemetry: {
    readonly latest: ReadonlyMap<string, StreamQualityMetrics>;
    readonly pending: number;
  };
  readonly viewers: { byTransport(): ReadonlyMap<string, number> };
  readonly live: Pick<LivePort, 'viewers'>;
}

/**
 * Figures of all live streams together. Nothing is told by stream: ids as labels would grow without bound, and name private streams to
 * whoever scrapes.
 */
export function liveGauges({ telemetry, viewers, live }: GaugeSources): readonly Gauge[] {
  const of = (name: 'encoderSpeed' | 'healthScore' | 'bitrateKbps'): number[] =>
    [...telemetry.latest.values()].flatMap((sample) => sample[name] ?? []);
  const scores = of('healthScore');
  const counts = [...telemetry.latest.keys()].map((streamId) => live.viewers(streamId));
  return [
    single('live_streams', 'Streams with a media session', telemetry.latest.size),
    byTransport(
      'viewer_sessions',
      'Playback sessions, by the transport that players tell',
      viewers.byTransport(),
    ),
    byTransport('viewer_connections', 'Viewers that the media servers count', [
      ['hls', sum(counts.map(({ hls }) => hls))],
      ['whep', sum(counts.map(({ whep }) => whep))],
    ]),
    single('ingest_bits_per_second', 'Pictures and sound of all publishers', 1000 * sum(of('bitrateKbps'))),
    single('encoded_streams', 'Streams that are being encoded', of('encoderSpeed').length),
    single(
      'encoder_speed_min',
      'Encoded seconds per second of the slowest encoder',
      least(of('encoderSpeed')),
    ),
    single('stream_health_min', 'Health of the worst live stream, 0 to 100', least(scores)),
    single(
      'stream_health_mean',
      'Mean health of the live streams, 0 to 100',
      scores.length === 0 ? undefined : sum(scores) / scores.length,
    ),
    single('quality_metrics_pending', 'Samples that wait for the database', telemetry.pending),
  ];
}

function single(name: string, help: string, value: number | undefined): Gauge {
  return { name: `tallylight_${name}`, help, values: value === undefined ? [] : [{ labels: {}, value }] };
}

function byTransport(name: string, help: string, counts: Iterable<readonly [string, number]>): Gauge {
  const values = [...counts].map(([transport, value]) => ({ labels: { transport }, value }));
  return { name: `tallylight_${name}`, help, values };
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
