import { availableParallelism } from 'node:os';
import type { Config } from '../config/config.ts';
import { canPackage } from '../packager/video-packager.ts';
import { LadderEncoder, type LadderServices } from '../pipeline/ladder-encoder.ts';
import type { SourceEncoderFactory } from '../pipeline/source-encoder.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import { TranscodeBudget } from '../transcode/budget.ts';
import { Ffmpeg } from '../transcode/ffmpeg/installation.ts';

/** What encodes on one server. */
export type Encoding = AudioEncoderServices & { readonly ffmpeg: Ffmpeg };

/** FFmpeg and its processes, for pictures and for sound. */
export function encodingOf(config: Config, log: Logger, lifecycle: Lifecycle): Encoding {
  const { encoder, ffmpegPath, maxProcesses } = config.transcode;
  const ffmpeg = new Ffmpeg({ path: ffmpegPath, ...(encoder === 'auto' ? {} : { encoder }) }, log);
  const children = lifecycle.own('encoders', new ChildProcesses({ maxChildren: maxProcesses }));
  // Looked for in the background, so that neither the start nor the first publisher waits for it.
  ffmpeg
    .installation()
    .catch((error: unknown) => log.warn({ error }, 'no FFmpeg: viewers get the source only'));
  return { ffmpeg, children, clock: systemClock };
}

/** Makes the ladder of each source; undefined where the configuration wants none and the source can be served as it is. */
export function ladderFactory(config: Config, { ffmpeg, children, clock }: Encoding): SourceEncoderFactory {
  const { ladder, cpuBudgetCores } = config.transcode;
  const cores = availableParallelism();
  const services: LadderServices = {
    ...{ ffmpeg, children, clock, cores },
    budget: new TranscodeBudget({ cores: cpuBudgetCores === 'auto' ? cores : cpuBudgetCores }),
    steps: ladder,
  };
  return (options) =>
    ladder.length === 0 && canPackage(options.source.codec)
      ? undefined
      : new LadderEncoder(options, services);
}
