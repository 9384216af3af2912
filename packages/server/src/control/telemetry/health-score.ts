import {
  FRAMES_PENALTY,
  LOSS_PENALTY,
  type Penalty,
  pointsLost,
  RTT_PENALTY,
} from '@tallylight/protocol/health-penalties.ts';

/** What the score is made of: one sample of a live stream. What is not known costs nothing. */
export interface StreamHealthInput {
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
  readonly bitrateKbps: number | undefined;
  readonly fps: number | undefined;
  /** Frames per second that the source announced. */
  readonly announcedFps: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Pictures lost since the sample before. */
  readonly droppedFrames: number;
  /** Encoded seconds per second. */
  readonly encoderSpeed: number | undefined;
  readonly rttMs: number | undefined;
  /** 0…1 */
  readonly lossFraction: number | undefined;
}

/** Missing percent of the encoder's speed: viewers of the smaller renditions fall behind by so much of each second. */
const SPEED: Penalty = [
  [3, 0],
  [10, 21],
  [30, 51],
  [60, 80],
];
/** Pixels of the picture that the contract's two bitrates are right for: 1280×720. */
const FULL_PIXELS = 1280 * 720;

/**
 * How well a broadcast arrives and is encoded, from 0 (nothing comes) to 100:
 * `100 − dropped − bitrate − rtt − loss − frames − speed`, rounded; at least 1 while a publisher is there, 0 while it is not.
 *
 * - dropped: half a point for each picture lost since the last sample, 20 at most; as nchat's formula has it.
 * - bitrate: nchat takes 20 points below 1000 kbit/s and 10 below 2000, whatever is sent. So does this for pictures of 720p and more; for
 *   smaller ones both bounds shrink with the number of pixels, because 360p at 600 kbit/s is in good health. Never more than those 20: a
 *   still picture needs few bits.
 * - rtt, loss, frames (those missing of the announced rate): the tables of `protocol/health-penalties.ts`, which the broadcaster's own
 *   score in the browser uses too, so that both say the same of the same network.
 * - speed: what is missing of real time in encoding, by the table above.
 *
 * nchat's third term, 3 points for each percent of time that players buffer, is left out: it says how viewers' networks are, not how the
 * broadcast is, and the server knows it only from players that tell.
 */
export function healthScore(input: StreamHealthInput): number {
  if (!input.publishing) return 0;
  const points =
    Math.min(20, input.droppedFrames / 2) +
    bitratePoints(input) +
    pointsLost(RTT_PENALTY, input.rttMs ?? 0) +
    pointsLost(LOSS_PENALTY, (input.lossFraction ?? 0) * 100) +
    pointsLost(FRAMES_PENALTY, missingPercent(input.fps, input.announcedFps)) +
    pointsLost(SPEED, missingPercent(input.encoderSpeed, 1));
  return Math.round(Math.max(1, 100 - points));
}

function bitratePoints({ bitrateKbps, width, height }: StreamHealthInput): number {
  // Without pictures there is nothing that these bounds were made for.
  if (bitrateKbps === undefined || width === undefined || height === undefined) return 0;
  const share = Math.min(1, (width * height) / FULL_PIXELS);
  if (bitrateKbps < 1000 * share) return 20;
  return bitrateKbps < 2000 * share ? 10 : 0;
}

function missingPercent(found: number | undefined, expected: number | undefined): number {
  if (found === undefined || expected === undefined || expected <= 0) return 0;
  return Math.max(0, 100 * (1 - found / expected));
}
