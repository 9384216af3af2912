import { LatencyController, type LatencyOptions } from '../latency-controller.ts';

/** A player and a live source without a browser: parts arrive, the playhead moves, the controller steers. */
export interface SimulationOptions {
  /** Length of a part, in seconds. */
  readonly partSec: number;
  /** How late part `index` arrives after it exists, in seconds. */
  readonly delaySec: (index: number) => number;
  /** Buffer at the start, in seconds. */
  readonly startBufferSec: number;
  readonly durationSec: number;
  readonly controller?: LatencyOptions;
}

/** One step of a {@link simulateLive}. */
export interface SimulationStep {
  readonly timeSec: number;
  /** Age of the picture on the screen, in seconds. */
  readonly latencySec: number;
  readonly bufferSec: number;
  readonly rate: number;
  readonly stalls: number;
}

const STEP_SEC = 0.05;

/** Runs the controller against a simulated stream, in steps of 50 ms. */
export function simulateLive(options: SimulationOptions): SimulationStep[] {
  const controller = new LatencyController(options.controller);
  const steps: SimulationStep[] = [];
  const { partSec, delaySec } = options;
  // The stream began long before, so that there is something to be behind of.
  const originSec = 100;
  let endSec = originSec;
  let nextPart = Math.round(originSec / partSec);
  let playheadSec = originSec - options.startBufferSec;
  let rate = 1;
  let stalls = 0;
  let stalled = false;
  for (let timeSec = originSec; timeSec < originSec + options.durationSec; timeSec += STEP_SEC) {
    while ((nextPart + 1) * partSec + delaySec(nextPart) <= timeSec) {
      nextPart += 1;
      endSec = nextPart * partSec;
    }
    const bufferSec = endSec - playheadSec;
    if (bufferSec < STEP_SEC * rate && rate > 0) {
      if (!stalled) {
        stalls += 1;
        stalled = true;
      }
    } else {
      if (stalled) {
        stalled = false;
        controller.noteStall(timeSec * 1000, true);
      }
      playheadSec += rate * STEP_SEC;
    }
    if (!stalled) {
      const decision = controller.update({
        nowMs: timeSec * 1000,
        bufferSec: endSec - playheadSec,
        bufferEndSec: endSec,
        latencySec: timeSec - playheadSec,
      });
      rate = decision.rate;
      playheadSec += decision.skipSec;
      if (decision.jumpToEdge) {
        playheadSec = endSec - controller.targetTroughSec;
      }
    }
    steps.push({
      timeSec: timeSec - originSec,
      latencySec: timeSec - playheadSec,
      bufferSec: endSec - playheadSec,
      rate,
      stalls,
    });
  }
  return steps;
}
