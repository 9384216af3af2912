import type { QualityLimitation } from './health-score.ts';

/** Counters of a publishing connection at one moment, read from `getStats()`. Layers of simulcast are added up. */
export interface SenderReport {
  readonly atMs: number;
  /** Everything that left for video, headers and resent packets included. */
  readonly videoBytesSent: number;
  readonly audioBytesSent: number;
  readonly packetsSent: number;
  /** As the far end counts; undefined before its first report. */
  readonly packetsLost: number | undefined;
  /** Of the largest layer. */
  readonly framesEncoded: number;
  /** That the source gave to the encoder; undefined where the browser does not count them. */
  readonly sourceFrames: number | undefined;
  /** Of the track that is being sent: {@link sourceFrames} counts anew with each. Undefined where the browser does not name it. */
  readonly sourceId: string | undefined;
  readonly width: number;
  readonly height: number;
  /** What the encoder may use, in bit/s. */
  readonly targetBitrateBps: number | undefined;
  readonly limitation: QualityLimitation;
  readonly rttMs: number | undefined;
  /** Grows with everything that comes from the far end; undefined where the browser does not count. */
  readonly heard: number | undefined;
  /** `H264`, `VP8`… */
  readonly videoCodec: string | undefined;
}

type Entry = Readonly<Record<string, unknown>>;

/** Reads the reports of `RTCPeerConnection.getStats()`. */
export function readSenderReport(entries: Iterable<Entry>, atMs: number): SenderReport {
  const all = [...entries];
  const outbound = all.filter((entry) => entry['type'] === 'outbound-rtp');
  const video = outbound.filter((entry) => kindOf(entry) === 'video');
  const audio = outbound.filter((entry) => kindOf(entry) === 'audio');
  const remote = all.filter((entry) => entry['type'] === 'remote-inbound-rtp');
  const largest = video.toSorted((a, b) => area(b) - area(a))[0];
  const source = all.find((entry) => entry['type'] === 'media-source' && kindOf(entry) === 'video');
  const pair = selectedPair(all);
  const rttSec = number(pair?.['currentRoundTripTime']) ?? largestOf(remote, 'roundTripTime');
  const codec = all.find((entry) => entry['id'] === largest?.['codecId'])?.['mimeType'];
  return {
    atMs,
    videoBytesSent: sum(video, 'bytesSent') + sum(video, 'headerBytesSent'),
    audioBytesSent: sum(audio, 'bytesSent') + sum(audio, 'headerBytesSent'),
    packetsSent: sum(outbound, 'packetsSent'),
    packetsLost: remote.length === 0 ? undefined : sum(remote, 'packetsLost'),
    framesEncoded: number(largest?.['framesEncoded']) ?? 0,
    sourceFrames: number(source?.['frames']),
    sourceId: text(source?.['trackIdentifier']) ?? text(source?.['id']),
    width: number(largest?.['frameWidth']) ?? 0,
    height: number(largest?.['frameHeight']) ?? 0,
    targetBitrateBps: video.some((entry) => number(entry['targetBitrate']) !== undefined)
      ? sum(video, 'targetBitrate')
      : undefined,
    limitation: limitationOf(largest?.['qualityLimitationReason']),
    rttMs: rttSec === undefined ? undefined : rttSec * 1000,
    heard: heardOn(pair),
    videoCodec: typeof codec === 'string' ? codec.split('/')[1] : undefined,
  };
}

/** Whether both reports are of the same video track. A counter that fell says no, where the browser names no track. */
export function sameSource(from: SenderReport, to: SenderReport): boolean {
  return from.sourceId === to.sourceId && (to.sourceFrames ?? 0) >= (from.sourceFrames ?? 0);
}

/** Reads a connection now; undefined when it says nothing. */
export async function readConnection(connection: RTCPeerConnection): Promise<SenderReport | undefined> {
  try {
    const entries: Record<string, unknown>[] = [];
    for (const entry of (await connection.getStats()).values()) {
      entries.push(entry as Record<string, unknown>);
    }
    return readSenderReport(entries, performance.now());
  } catch {
    return undefined;
  }
}

function selectedPair(all: readonly Entry[]): Entry | undefined {
  const chosen = all.find((entry) => entry['type'] === 'transport')?.['selectedCandidatePairId'];
  const pairs = all.filter((entry) => entry['type'] === 'candidate-pair');
  return (
    pairs.find((entry) => entry['id'] === chosen) ??
    // Firefox has no transport entry before version 137, but says which pair it selected.
    pairs.find((entry) => entry['selected'] === true) ??
    pairs.find((entry) => entry['nominated'] === true && entry['state'] === 'succeeded')
  );
}

function heardOn(pair: Entry | undefined): number | undefined {
  const counts = ['bytesReceived', 'packetsReceived', 'responsesReceived', 'requestsReceived'].map((name) =>
    number(pair?.[name]),
  );
  return counts[0] === undefined
    ? undefined
    : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}

function limitationOf(value: unknown): QualityLimitation {
  return value === 'cpu' || value === 'bandwidth' || value === 'other' ? value : 'none';
}

function kindOf(entry: Entry): unknown {
  return entry['kind'] ?? entry['mediaType'];
}

function area(entry: Entry): number {
  return (number(entry['frameWidth']) ?? 0) * (number(entry['frameHeight']) ?? 0);
}

function sum(entries: readonly Entry[], name: string): number {
  return entries.reduce((total, entry) => total + (number(entry[name]) ?? 0), 0);
}

function largestOf(entries: readonly Entry[], name: string): number | undefined {
  const values = entries.map((entry) => number(entry[name])).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : Math.max(...values);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
