import {
  FRAMES_PENALTY,
  LOSS_PENALTY,
  type Penalty,
  pointsLost,
  RTT_PENALTY,
} from '@tallylight/protocol/health-penalties.ts';

/** What limits the encoder, as WebRTC names it. */
export type QualityLimitation = 'none' | 'cpu' | 'bandwidth' | 'other';

/** What the score is made of: means over one reporting interval. */
export interface HealthInput {
  /** Bit/s of video that left the browser; 0 when nothing did. */
  readonly bitrateBps: number;
  /** What the encoder may use by the network's estimate, in bit/s. Undefined while unknown. */
  readonly targetBitrateBps: number | undefined;
  /** The limit that was set, in bit/s. */
  readonly maxBitrateBps: number;
  readonly framesPerSecond: number;
  /** Frames per second that the source is set to. Undefined for a screen, which moves only when something happens. */
  readonly expectedFramesPerSecond: number | undefined;
  /** Frames per second that the source gave. Undefined where the browser does not count them. */
  readonly sourceFramesPerSecond: number | undefined;
  readonly rttMs: number | undefined;
  /** 0 to 1. */
  readonly lossFraction: number | undefined;
  readonly limitation: QualityLimitation;
}

/** The sum in one word. */
export type HealthWord = 'Good' | 'Fair' | 'Poor';

/** Where to look first. */
export type HealthCause = 'nothing-sent' | Weighed;

type Weighed = 'upload' | 'network' | 'computer' | 'camera';

/** The score, its word and its biggest cause. */
export interface Health {
  /** 0 to 100. */
  readonly score: number;
  readonly word: HealthWord;
  /** What cost the most points. Undefined while all is good. */
  readonly cause: HealthCause | undefined;
}

/** From here on it is fair, and from here on good. */
const FAIR_SCORE = 50;
const GOOD_SCORE = 80;

/** Missing percent of the set bitrate in what the network's estimate allows: 10 is good, 30 fair. */
const BITRATE: Penalty = [
  [10, 0],
  [30, 51],
  [80, 80],
];
/** Missing percent of the frames per second that the camera was set to. Half of them, as in a dim room, is fair: no more. */
const CAMERA: Penalty = [
  [10, 0],
  [50, 30],
  [90, 51],
];
/** Of a source's pictures: so many may be on their way, or one a second of a slow one. */
const IN_FLIGHT_SHARE = 0.05;
/** The encoder says that the computer is too slow, whatever the frame rate is at this moment. */
const CPU_LIMITED_POINTS = 21;

/**
 * How well a broadcast leaves this browser, from 0 (nothing arrives) to 100:
 * `100 − rtt − loss − frames − bitrate − cpu − camera`, each a piecewise linear penalty of the tables above and of `protocol/health-penalties.ts`, which the server's score shares; at least 1 while anything is sent, 0 when nothing is.
 * Bitrate counts only while the network limits the encoder: a quiet picture needs few bits and is in good health. Frames that an
 * unhindered encoder was never given are the camera's, not the computer's.
 */
export function healthScore(input: HealthInput): Health {
  if (input.bitrateBps <= 0) {
    return { score: 0, word: 'Poor', cause: 'nothing-sent' };
  }
  const bitrate = pointsLost(BITRATE, missingBitratePercent(input));
  const set = input.expectedFramesPerSecond;
  // An encoder that is held back asks its source for less: then the source is not to blame. One that says that nothing holds it back, and
  // encodes all that it is given, is not held back, however low the estimate is: without pictures there is nothing to estimate from.
  const free =
    (input.limitation === 'none' || input.limitation === 'other') && (bitrate === 0 || encodesAll(input));
  const given = free ? Math.min(set ?? 0, input.sourceFramesPerSecond ?? Number.POSITIVE_INFINITY) : set;
  const missing = free && encodesAll(input) ? 0 : missingPercent(input.framesPerSecond, given);
  const frames = pointsLost(FRAMES_PENALTY, missing);
  // An encoder that may not shrink the picture gives up frames for want of bitrate, and then calls itself unlimited.
  const short = input.limitation === 'bandwidth' || (input.limitation !== 'cpu' && frames > 0 && bitrate > 0);
  const points: Readonly<Record<Weighed, number>> = {
    upload: short ? bitrate + frames : 0,
    network:
      pointsLost(RTT_PENALTY, input.rttMs ?? 0) + pointsLost(LOSS_PENALTY, (input.lossFraction ?? 0) * 100),
    computer: (short ? 0 : frames) + (input.limitation === 'cpu' ? CPU_LIMITED_POINTS : 0),
    camera: pointsLost(CAMERA, missingPercent(given ?? 0, set)),
  };
  const score = Math.round(
    Math.max(1, 100 - points.upload - points.network - points.computer - points.camera),
  );
  const word = score >= GOOD_SCORE ? 'Good' : score >= FAIR_SCORE ? 'Fair' : 'Poor';
  return { score, word, cause: word === 'Good' ? undefined : worst(points) };
}

function worst(points: Readonly<Record<Weighed, number>>): HealthCause {
  // A network that is short of room drops frames as well: of equals, the network is named.
  const order = ['upload', 'network', 'computer', 'camera'] as const;
  return order.reduce((most, next) => (points[next] > points[most] ? next : most));
}

/** Whether all pictures of the source were encoded, but for those on their way. */
function encodesAll({ framesPerSecond, sourceFramesPerSecond: source }: HealthInput): boolean {
  return source !== undefined && source - framesPerSecond <= Math.max(1, source * IN_FLIGHT_SHARE);
}

function missingPercent(found: number, expected: number | undefined): number {
  return expected === undefined || expected <= 0 ? 0 : 100 * (1 - found / expected);
}

function missingBitratePercent(input: HealthInput): number {
  // What is sent says nothing about what could be: without an estimate nothing is known, and nothing counts.
  return missingPercent(input.targetBitrateBps ?? input.maxBitrateBps, input.maxBitrateBps);
}
