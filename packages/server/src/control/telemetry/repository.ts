import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** Makes the partition of the month of this moment, unless it is there. */
export async function ensurePartition(tx: Tx, at: string): Promise<void> {
  await sql`SELECT tallylight.ensure_metrics_partition(${at}::timestamptz)`.execute(tx);
}

/** Writes samples of any streams in one statement; those of streams that are gone, or never were in the database, are passed over. */
export async function writeSamples(tx: Tx, samples: readonly StreamQualityMetrics[]): Promise<void> {
  const column = <T>(of: (each: StreamQualityMetrics) => T | undefined): (T | null)[] =>
    samples.map((each) => of(each) ?? null);
  await sql`
    INSERT INTO nchat_stream_quality_metrics (id, stream_id, recorded_at, current_viewer_count, concurrent_connections, bitrate_kbps, fps,
      resolution, dropped_frames, encoder_speed, upload_bitrate_kbps, latency_ms, rtt_ms, packet_loss_percent, health_score)
    SELECT g.* FROM unnest(
      ${column(({ id }) => id)}::uuid[],
      ${column(({ streamId }) => streamId)}::uuid[],
      ${column(({ recordedAt }) => recordedAt)}::timestamptz[],
      ${column(({ currentViewerCount }) => currentViewerCount)}::integer[],
      ${column(({ concurrentConnections }) => concurrentConnections)}::integer[],
      ${column(({ bitrateKbps }) => bitrateKbps)}::integer[],
      ${column(({ fps }) => fps)}::real[],
      ${column(({ resolution }) => resolution)}::text[],
      ${column(({ droppedFrames }) => droppedFrames)}::integer[],
      ${column(({ encoderSpeed }) => encoderSpeed)}::real[],
      ${column(({ uploadBitrateKbps }) => uploadBitrateKbps)}::integer[],
      ${column(({ latencyMs }) => latencyMs)}::integer[],
      ${column(({ rttMs }) => rttMs)}::integer[],
      ${column(({ packetLossPercent }) => packetLossPercent)}::real[],
      ${column(({ healthScore }) => healthScore)}::integer[]
    ) AS g (id, stream_id, recorded_at, viewers, connections, bitrate, fps, resolution, dropped, speed, upload, latency, rtt, loss, health)
    JOIN nchat_streams s ON s.id = g.stream_id
    ON CONFLICT DO NOTHING`.execute(tx);
}

/** Samples of a stream before a moment, newest first. */
export async function samplesBefore(
  tx: Tx,
  streamId: string,
  range: { readonly before: Date; readonly after: Date | undefined; readonly limit: number },
): Promise<readonly StreamQualityMetrics[]> {
  let query = tx
    .selectFrom('nchat_stream_quality_metrics')
    .selectAll()
    .where('stream_id', '=', streamId)
    .where('recorded_at', '<', range.before);
  if (range.after !== undefined) query = query.where('recorded_at', '>=', range.after);
  const rows = await query.orderBy('recorded_at', 'desc').limit(range.limit).execute();
  return rows.map((row) => ({
    id: row.id,
    streamId: row.stream_id,
    recordedAt: row.recorded_at.toISOString(),
    currentViewerCount: row.current_viewer_count,
    concurrentConnections: row.concurrent_connections,
    ...known('bitrateKbps', row.bitrate_kbps),
    ...known('fps', row.fps),
    ...known('resolution', row.resolution),
    droppedFrames: row.dropped_frames,
    ...known('encoderSpeed', row.encoder_speed),
    ...known('uploadBitrateKbps', row.upload_bitrate_kbps),
    ...known('latencyMs', row.latency_ms),
    ...known('rttMs', row.rtt_ms),
    ...known('packetLossPercent', row.packet_loss_percent),
    ...known('healthScore', row.health_score),
  }));
}

function known<N extends string, T>(name: N, value: T | null): Partial<Record<N, T>> {
  return value === null ? {} : ({ [name]: value } as Record<N, T>);
}
