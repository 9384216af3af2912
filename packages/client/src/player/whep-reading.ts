/** The figures of one look at a viewer's `RTCPeerConnection`, in plain numbers. Counters only grow; absent ones are 0. */
export interface WhepReading {
  /** When they were taken, in ms on a clock that never goes back. */
  readonly nowMs: number;
  /** Everything that came on the transport, RTCP included. */
  readonly transportBytes: number;
  /** Answers to our ICE checks: the server's process lives even when no media comes. */
  readonly iceResponses: number;
  readonly videoPackets: number;
  readonly audioPackets: number;
  readonly mediaBytes: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  /** Sum over all decoded pictures from the first packet's arrival to the decoded picture, in seconds. */
  readonly processingSec: number;
  /** Sum over all emitted pictures of their time in the jitter buffer, in seconds. */
  readonly jitterBufferSec: number;
  readonly jitterBufferEmitted: number;
  readonly decodeSec: number;
  /** Round trip of the last ICE check, in seconds; undefined before the first. */
  readonly roundTripSec: number | undefined;
  /** Date of the picture on the screen by the sender's clock, in ms since 1970; undefined until sender reports allow it. */
  readonly playoutEpochMs: number | undefined;
  /** Whether a TURN server stands between. */
  readonly relayed: boolean;
}

/** The part of `RTCStatsReport` that is used. */
export interface StatsReport {
  forEach(visit: (stats: unknown) => void): void;
}

/** From 1 January 1900, where NTP counts from, to 1 January 1970, in ms (RFC 5905 §6). */
const NTP_TO_UNIX_MS = 2_208_988_800_000;

/** Reads a report of `getStats()` (W3C webrtc-stats). What is missing or of another type counts as absent. */
export function readWhepStats(report: StatsReport, nowMs: number): WhepReading {
  const entries = new Map<string, Record<string, unknown>>();
  report.forEach((stats) => {
    if (typeof stats === 'object' && stats !== null && 'id' in stats && typeof stats.id === 'string') {
      entries.set(stats.id, stats);
    }
  });
  const all = [...entries.values()];
  const inbound = (kind: string): Record<string, unknown> | undefined =>
    all.find((entry) => entry['type'] === 'inbound-rtp' && entry['kind'] === kind);
  const video = inbound('video');
  const audio = inbound('audio');
  const transport = all.find((entry) => entry['type'] === 'transport');
  const pair =
    entries.get(text(transport, 'selectedCandidatePairId') ?? '') ??
    all.find((entry) => entry['type'] === 'candidate-pair' && entry['nominated'] === true);
  const local = entries.get(text(pair, 'localCandidateId') ?? '');
  const playoutMs = optional(video, 'estimatedPlayoutTimestamp');
  return {
    nowMs,
    transportBytes: count(transport, 'bytesReceived'),
    iceResponses: count(pair, 'responsesReceived'),
    videoPackets: count(video, 'packetsReceived'),
    audioPackets: count(audio, 'packetsReceived'),
    mediaBytes: count(video, 'bytesReceived') + count(audio, 'bytesReceived'),
    packetsLost: Math.max(0, count(video, 'packetsLost')) + Math.max(0, count(audio, 'packetsLost')),
    framesDecoded: count(video, 'framesDecoded'),
    processingSec: count(video, 'totalProcessingDelay'),
    jitterBufferSec: count(video, 'jitterBufferDelay'),
    jitterBufferEmitted: count(video, 'jitterBufferEmittedCount'),
    decodeSec: count(video, 'totalDecodeTime'),
    roundTripSec: optional(pair, 'currentRoundTripTime'),
    playoutEpochMs: playoutMs === undefined || playoutMs === 0 ? undefined : unixMs(playoutMs),
    relayed: text(local, 'candidateType') === 'relay',
  };
}

/** Chromium gives the sender's NTP time as it is, others as a date of this century. */
function unixMs(playoutMs: number): number {
  return playoutMs > NTP_TO_UNIX_MS ? playoutMs - NTP_TO_UNIX_MS : playoutMs;
}

function optional(entry: Record<string, unknown> | undefined, name: string): number | undefined {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function count(entry: Record<string, unknown> | undefined, name: string): number {
  return optional(entry, name) ?? 0;
}

function text(entry: Record<string, unknown> | undefined, name: string): string | undefined {
  const value = entry?.[name];
  return typeof value === 'string' ? value : undefined;
}
