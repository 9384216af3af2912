import { SOURCE_FEED } from '../packager/live-presentation.ts';
import { canPackage } from '../packager/video-packager.ts';
import type { ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { TranscodeBudget, TranscodePlan } from '../transcode/budget.ts';
import type { Ffmpeg, FfmpegInstallation } from '../transcode/ffmpeg/installation.ts';
import { chooseLadder, exceeds, type LadderStep } from '../transcode/ladder.ts';
import type { KeyframePolicy, Rung } from '../transcode/rung.ts';
import { type TranscodeListener, TranscodeSupervisor } from '../transcode/supervisor.ts';
import { GopWatch } from './gop-watch.ts';
import { routeRenditions } from './rendition-routes.ts';
import { FLUSH_MS, type SourceEncoder, type SourceEncoderFactory } from './source-encoder.ts';

/** What all ladders of a server share. */
export interface LadderServices {
  readonly ffmpeg: Ffmpeg;
  readonly children: ChildProcesses;
  readonly budget: TranscodeBudget;
  readonly cores: number;
  readonly clock: Clock;
  readonly steps: readonly LadderStep[];
}

/** Distance of keyframes, in milliseconds, where we set them because the publisher's are too far apart. */
const FORCED_EVERY_MS = 2000;
/** What a new FFmpeg needs to be ready, in milliseconds. */
const FORCED_LEAD_MS = 1000;

/** Sizes are rounded to even pixels, so the shape of a picture varies a little: 16:9 at 320 pixels is 320×180 or 320×176. */
const MAX_STRETCH = 0.03;

/** Distinguishes the feeds of successive encoders of one presentation. */
let serial = 0;

/**
 * The ladder of one source: plans what to encode, feeds FFmpeg, and decides when the source itself must be encoded because its
 * GOP is too long. Renditions change what they show only at a discontinuity that all of them share.
 */
export class LadderEncoder implements SourceEncoder {
  readonly #options: Parameters<SourceEncoderFactory>[0];
  readonly #services: LadderServices;
  readonly #log: Logger;
  readonly #prefix = `${(serial += 1)}/`;
  readonly #gopWatch: GopWatch;
  /** The source cannot be served as it is, or is more than viewers may get: its own rendition shows the largest rung, from the start. */
  readonly #replacesSource: boolean;
  #supervisor: TranscodeSupervisor | undefined;
  #rungs: readonly Rung[] = [];
  /** What FFmpeg delivers; differs from `#rungs` until a new plan has taken over. */
  #delivered: readonly Rung[] = [];
  #installation: FfmpegInstallation | undefined;
  /** Routes that take effect at the next keyframe, or at `forcedFromMs`. */
  #nextRoutes: ReadonlyMap<string, string> | undefined;
  #forcedFromMs: number | undefined;
  #newestMs = 0;
  /** As FFmpeg's newest progress has it. */
  #speed: number | undefined;
  #closed = false;

  constructor(options: Parameters<SourceEncoderFactory>[0], services: LadderServices) {
    this.#options = options;
    this.#services = services;
    this.#log = options.log;
    this.#gopWatch = new GopWatch(options.presentation.segmentClock, options.keyframesOnRequest);
    const { source, limits } = options;
    this.#replacesSource = !canPackage(source.codec) || exceeds(source, limits);
    this.#start().catch((error: unknown) => {
      this.#log.warn({ error }, 'viewers get the source only: there is no working FFmpeg');
      options.presentation.planned = true;
      options.rungs.plan([]);
      this.#showSource();
    });
  }

  write(unit: AccessUnit): void {
    if (this.#closed) return;
    const { presentation } = this.#options;
    this.#newestMs = unit.dts;
    this.#watchGop(unit);
    if (this.#nextRoutes !== undefined) {
      if (this.#forcedFromMs === undefined ? unit.keyframe : unit.pts >= this.#forcedFromMs) {
        presentation.switchFeeds(this.#nextRoutes, this.#forcedFromMs ?? unit.pts);
        if (this.#forcedFromMs !== undefined) {
          presentation.segmentClock.followEncoder(this.#forcedFromMs);
        }
        this.#nextRoutes = undefined;
      }
    }
    this.#supervisor?.write(unit);
  }

  /**
   * A browser whose network narrows sends smaller pictures for a while. Where nobody sees the source as it is, they are scaled up again:
   * FFmpeg follows VP8's size by itself, at keyframes.
   */
  adapt(track: VideoTrack): boolean {
    const { source } = this.#options;
    if (!this.#replacesSource || track.codec !== source.codec || track.config.length > 0) return false;
    const stretched = (track.width * source.height) / (track.height * source.width);
    return (
      track.width <= source.width && track.height <= source.height && Math.abs(stretched - 1) < MAX_STRETCH
    );
  }

  end(): void {
    if (this.#closed) return;
    // The next encoder of this stream must not find its cores taken by this one.
    this.#services.budget.release(this.#budgetKey);
    setTimeout(() => this.close(), FLUSH_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#services.budget.release(this.#budgetKey);
    this.#supervisor?.close().catch((error: unknown) => this.#log.error({ error }, 'could not end FFmpeg'));
  }

  get speed(): number | undefined {
    return this.#closed ? undefined : this.#speed;
  }

  dump(): object {
    return {
      rungs: this.#rungs.map((rung) => rung.id),
      state: this.#supervisor?.state ?? 'none',
      pids: this.#supervisor?.pids ?? [],
      sourceEncoded: this.#forcedFromMs !== undefined,
    };
  }

  /** Two encoders of one stream may overlap for a moment. */
  get #budgetKey(): string {
    return `${this.#options.streamId}#${this.#prefix}`;
  }

  async #start(): Promise<void> {
    const { presentation, gop } = this.#options;
    this.#installation = await this.#services.ffmpeg.installation();
    if (this.#installation.encoder === undefined) throw new Error('no H.264 encoder works on this machine');
    if (this.#closed) return;
    const wished = this.#wish(this.#replacesSource);
    const plan = this.#admit(wished, this.#replacesSource ? 1 : 0);
    for (const [index, rung] of plan.rungs.entries()) {
      const id = this.#replacesSource && index === 0 ? presentation.sourceId : rung.id;
      if (presentation.video(id) === undefined) presentation.addVideo(id, rung.bitrateBps);
    }
    presentation.planned = true;
    this.#setRungs(plan.rungs);
    // What was fed before there was a supervisor is in the GOP cache; the newest picture of it may be the one being written.
    const missed = gop();
    if (plan.rungs.length === 0) {
      this.#showSource();
      return;
    }
    const routes = this.#routesTo(plan.rungs);
    const first = missed[0];
    if (first === undefined) this.#nextRoutes = routes;
    else presentation.switchFeeds(routes, first.pts);
    const supervisor = this.#supervise(this.#installation, plan, { mode: 'source' });
    for (const unit of missed) supervisor.write(unit);
  }

  #wish(reencodeSource: boolean): readonly Rung[] {
    const { source, limits } = this.#options;
    return chooseLadder(source, { steps: this.#services.steps, reencodeSource, limits });
  }

  #setRungs(rungs: readonly Rung[]): void {
    this.#rungs = rungs;
    this.#options.rungs.plan(rungs.map(({ id }) => id));
  }

  /** Without rungs every listed rendition shows the source, even one above its limits: black would help nobody. */
  #showSource(): void {
    const { presentation, source } = this.#options;
    if (!canPackage(source.codec)) {
      this.#log.error(
        { codec: source.codec },
        'there is no picture: the source cannot be shown unless it is encoded',
      );
      return;
    }
    presentation.addSource(source);
    const ids = presentation.videoIds();
    if (ids.length > 1 || this.#replacesSource)
      this.#nextRoutes = new Map(ids.map((id) => [id, SOURCE_FEED]));
  }

  #admit(rungs: readonly Rung[], minimumRungs: number): TranscodePlan {
    const { source } = this.#options;
    const plan = this.#services.budget.admit({
      streamId: this.#budgetKey,
      source,
      rungs,
      minimumRungs,
      hardware: this.#installation?.encoder?.startsWith('h264_') === true,
    });
    if (plan.reason !== undefined) this.#log.warn({ rungs: plan.rungs.map((rung) => rung.id) }, plan.reason);
    return plan;
  }

  #supervise(
    installation: FfmpegInstallation,
    plan: TranscodePlan,
    keyframes: KeyframePolicy,
  ): TranscodeSupervisor {
    const { children, cores, clock } = this.#services;
    const supervisor = new TranscodeSupervisor({
      streamId: this.#options.streamId,
      task: { source: this.#options.source, rungs: plan.rungs, keyframes, preset: plan.preset },
      installation,
      children,
      cores,
      clock,
      log: this.#log,
      listener: this.#listener(),
    });
    this.#supervisor = supervisor;
    return supervisor;
  }

  #listener(): TranscodeListener {
    const { presentation, contain, rungs } = this.#options;
    return {
      onGeneration: ({ number, reason, task }) => {
        this.#delivered = task.rungs;
        this.#log.info({ generation: number, reason }, 'encoder delivers');
      },
      onTrack: (rungId, track) =>
        contain(() => {
          presentation.setFeedTrack(this.#prefix + rungId, track);
          rungs.track(rungId, track);
        }),
      onUnit: (rungId, unit) =>
        contain(() => {
          presentation.pushEncoded(this.#prefix + rungId, unit);
          rungs.unit(rungId, unit);
        }),
      onProgress: ({ cpuCores, speed }) => {
        this.#speed = speed;
        if (cpuCores !== undefined) {
          this.#services.budget.measured(this.#budgetKey, cpuCores, speed >= 0.95);
        }
      },
      onOverload: ({ speed }) => this.#shed(speed),
      onReplanFailed: (reason) => {
        this.#log.warn({ reason }, 'the new ladder did not start; the old one goes on');
        this.#nextRoutes = undefined;
        this.#keepDelivered();
        if (this.#forcedFromMs !== undefined) this.#followSourceAgain();
      },
      onDegraded: () => {
        this.#speed = undefined;
        this.#setRungs([]);
        this.#showSource();
      },
    };
  }

  /** The machine is too slow: the largest rung goes, its viewers get the next one. */
  #shed(speed: number): void {
    const rungs = this.#rungs.slice(1);
    if (this.#supervisor === undefined || rungs.length === 0) return;
    const plan = this.#admit(rungs, rungs.length);
    this.#log.warn(
      { speed, rungs: rungs.map((rung) => rung.id) },
      'encoding is slower than real time: largest rung shed',
    );
    this.#setRungs(rungs);
    const forced = this.#forcedFromMs !== undefined;
    this.#nextRoutes = this.#routesTo(rungs);
    const keyframes: KeyframePolicy = forced
      ? { mode: 'forced', fromPtsMs: this.#nextForcedMs(), everyMs: FORCED_EVERY_MS }
      : { mode: 'source' };
    if (keyframes.mode === 'forced') this.#forcedFromMs = keyframes.fromPtsMs;
    this.#supervisor.replan({ source: this.#options.source, rungs, keyframes, preset: plan.preset });
  }

  #watchGop(unit: AccessUnit): void {
    if (
      this.#forcedFromMs !== undefined &&
      this.#nextRoutes !== undefined &&
      unit.keyframe &&
      unit.pts < this.#forcedFromMs
    ) {
      // The keyframe came after all.
      this.#forcedFromMs = undefined;
      this.#nextRoutes = undefined;
      this.#supervisor?.cancelReplan('the source sent its keyframe in time');
      return;
    }
    if (this.#forcedFromMs !== undefined || this.#installation === undefined) return;
    const fromMs = this.#gopWatch.tooLong(unit.dts);
    if (fromMs !== undefined) this.#encodeSource(this.#installation, fromMs);
  }

  /** The publisher's GOP is too long for a segment: the top rendition goes on encoded, with keyframes of ours. */
  #encodeSource(installation: FfmpegInstallation, fromMs: number): void {
    const { source, gop } = this.#options;
    const wished = this.#wish(true);
    if (wished.length === 0) return;
    const plan = this.#admit(wished, 1);
    this.#log.warn(
      { rungs: plan.rungs.map((rung) => rung.id) },
      'keyframes of the publisher are too far apart: set its keyframe interval to 2 s. Viewers get an encoded version',
    );
    this.#forcedFromMs = fromMs;
    this.#setRungs(plan.rungs);
    this.#nextRoutes = this.#routesTo(plan.rungs);
    const keyframes: KeyframePolicy = { mode: 'forced', fromPtsMs: fromMs, everyMs: FORCED_EVERY_MS };
    if (this.#supervisor !== undefined) {
      this.#supervisor.replan({ source, rungs: plan.rungs, keyframes, preset: plan.preset });
      return;
    }
    const supervisor = this.#supervise(installation, plan, keyframes);
    for (const unit of gop()) supervisor.write(unit);
  }

  /** A new plan came to nothing: the rungs that are delivered go on. */
  #keepDelivered(): void {
    this.#admit(this.#delivered, this.#delivered.length);
    this.#setRungs(this.#delivered);
  }

  /** Where the next segment but one will begin: far enough ahead for a new FFmpeg to be ready. */
  #nextForcedMs(): number {
    const startMs = this.#options.presentation.segmentClock.current?.startMs ?? this.#newestMs;
    const ahead = Math.ceil((this.#newestMs + FORCED_LEAD_MS - startMs) / FORCED_EVERY_MS);
    return startMs + Math.max(1, ahead) * FORCED_EVERY_MS;
  }

  #followSourceAgain(): void {
    this.#forcedFromMs = undefined;
    this.#options.presentation.segmentClock.followEncoder(undefined);
    this.#nextRoutes = this.#routesTo(this.#rungs);
  }

  /** What each rendition shall show; the source's own the largest rung while the source is encoded. */
  #routesTo(rungs: readonly Rung[]): ReadonlyMap<string, string> {
    const { presentation } = this.#options;
    const withSource = this.#replacesSource || this.#forcedFromMs !== undefined;
    const ids = presentation.videoIds().filter((id) => withSource || id !== presentation.sourceId);
    const routes = [...routeRenditions(ids, rungs)].map(
      ([id, rungId]) => [id, this.#prefix + rungId] as const,
    );
    return new Map(withSource ? routes : [[presentation.sourceId, SOURCE_FEED], ...routes]);
  }
}
