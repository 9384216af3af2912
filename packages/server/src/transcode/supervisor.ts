import { MILLISECONDS, rescale, type Ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import { GopCache } from '../stream/gop-cache.ts';
import {
  type Generation,
  type GenerationReason,
  type GenerationTiming,
  launchGeneration,
  type TranscodeTask,
} from './generation.ts';
import { OverloadWatch } from './overload-watch.ts';
import { RestartPolicy } from './restart-policy.ts';
import { RungOutlet } from './rung-outlet.ts';
import type { TranscodeListener, TranscodeSupervisorOptions } from './supervisor-options.ts';
import { Switchover } from './switchover.ts';
import type { TranscodeExit, TranscodeProgress } from './transcode-session.ts';

export type { TranscodeListener, TranscodeSupervisorOptions } from './supervisor-options.ts';

/** Of the source's last two GOPs; what exceeds them is given up. */
const MAX_CACHE_BYTES = 32 * 1024 * 1024;
const MAX_CACHE_UNITS = 3000;
/** FLV's timestamps have 31 usable bits in FFmpeg; half of that is 12 days, when a new one takes over. */
const MAX_GENERATION_MS = 2 ** 30;

/**
 * Keeps one stream's ladder alive: starts FFmpeg, starts it again when it dies, and replaces it without a seam when the ladder changes.
 * Every method is synchronous; `write` after `close` does nothing.
 */
export class TranscodeSupervisor {
  readonly #options: TranscodeSupervisorOptions;
  readonly #listener: TranscodeListener;
  /** Of two GOPs, so that a new FFmpeg can start in the past and leave no hole. */
  readonly #cache = new GopCache({ gops: 2, maxBytes: MAX_CACHE_BYTES, maxUnits: MAX_CACHE_UNITS });
  readonly #policy: RestartPolicy;
  readonly #outlet: RungOutlet;
  readonly #dying = new Set<Promise<void>>();
  #overload = new OverloadWatch();
  #task: TranscodeTask;
  #current: Generation | undefined;
  #switch: Switchover | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #generations = 0;
  #state: 'running' | 'degraded' | 'closed' = 'running';

  /** Starts FFmpeg at once, so that it is ready when the first keyframe comes. */
  constructor(options: TranscodeSupervisorOptions) {
    this.#options = options;
    this.#listener = options.listener;
    this.#outlet = new RungOutlet(options.listener);
    this.#task = options.task;
    this.#policy = new RestartPolicy(options.restarts);
    this.#start('start', false);
  }

  /** Process ids of its FFmpegs, the delivering one first: for tests and the admin page. */
  get pids(): readonly number[] {
    return [this.#current, this.#switch?.to].flatMap((generation) => generation?.session.pid ?? []);
  }

  /** `degraded` when it has given up. */
  get state(): 'running' | 'degraded' | 'closed' {
    return this.#state;
  }

  /** The newest PTS delivered, in milliseconds; undefined before the first. */
  get newestPtsMs(): number | undefined {
    return this.#outlet.newestPtsMs;
  }

  /** Takes the source's next picture, in decode order. */
  write(unit: AccessUnit): void {
    if (this.#state === 'closed') return;
    this.#cache.push(unit);
    const pending = this.#switch;
    if (pending !== undefined) this.#writeSwitching(pending, unit);
    else if (this.#current !== undefined) this.#give(this.#current, unit);
    this.#watchTime(unit);
  }

  /**
   * Changes what is encoded. The new FFmpeg starts beside the old one and takes over at the next keyframe of the source, or at
   * `fromPtsMs` (later when that was delivered already). With a new `source` the next unit written must be its first keyframe.
   * Revives a degraded supervisor. An earlier replan that is still under way is given up.
   */
  replan(task: TranscodeTask): void {
    if (this.#state === 'closed') return;
    const newSource = task.source !== this.#task.source;
    if (this.#switch !== undefined) this.#abandonSwitch('replaced by another replan');
    if (this.#state === 'degraded') this.#policy.reset();
    this.#state = 'running';
    this.#overload = new OverloadWatch();
    this.#task = task;
    if (newSource) this.#cache.clear();
    if (newSource && this.#current === undefined) this.#outlet.forgetTimes();
    if (task.rungs.length === 0 || this.#current === undefined) {
      this.#stopCurrent('replanned');
      this.#cancelRestart();
      if (task.rungs.length > 0) this.#start('replan', !newSource);
      return;
    }
    this.#prepareSwitch(task, newSource);
  }

  /** Gives up a replan that has not taken over yet: the old task goes on. Does nothing when there is none. */
  cancelReplan(reason: string): void {
    if (this.#switch !== undefined) this.#abandonSwitch(reason);
  }

  /** Kills its FFmpegs and waits for their ends; idempotent. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRestart();
    this.#stopCurrent('closed');
    if (this.#switch !== undefined) this.#bury(this.#switch.to, 'closed');
    this.#switch = undefined;
    this.#cache.clear();
    await Promise.all(this.#dying);
  }

  // ---- starting -----------------------------------------------------------------------------------------------------------

  /** Starts a generation that delivers as soon as it can, going on where the last one stopped when it may look back. */
  #start(reason: GenerationReason, lookBack: boolean): void {
    const task = this.#task;
    if (task.rungs.length === 0) return;
    const last = task.rungs.map((rung) => this.#outlet.lastPtsMs(rung.id));
    const known = last.filter((pts) => pts !== undefined);
    const replay = !lookBack
      ? []
      : known.length === 0
        ? this.#cache.units()
        : this.#cache.since(this.#sourceTicks(Math.min(...known)));
    const first = replay[0];
    const epochMs = first === undefined ? undefined : this.#ms(first.dts);
    if (known.length > 0) this.#outlet.gap = first === undefined || this.#ms(first.pts) > Math.min(...known);
    const resumes = first !== undefined && known.length > 0;
    const after = new Map(
      task.rungs.map((rung) => [rung.id, (this.#outlet.lastPtsMs(rung.id) ?? Math.max(...known)) + 1]),
    );
    let { keyframes } = task;
    if (keyframes.mode === 'forced' && known.length > 0) {
      keyframes = { ...keyframes, fromPtsMs: Math.max(keyframes.fromPtsMs, ...known.map((pts) => pts + 1)) };
    }
    if (keyframes.mode === 'forced' && epochMs === undefined) {
      // Nothing to look back on yet: it is started by the first keyframe.
      return;
    }
    const generation = this.#launch({ ...task, keyframes }, reason, replay.length > 0, {
      ...(epochMs === undefined ? {} : { epochMs }),
      ...(resumes && keyframes.mode === 'source' ? { encodeFromMs: after } : {}),
    });
    if (generation === undefined) {
      this.#died('FFmpeg could not be started', lookBack);
      return;
    }
    this.#current = generation;
    generation.session.prime(replay);
    generation.unanswered += replay.length;
  }

  #launch(
    task: TranscodeTask,
    reason: GenerationReason,
    replayed: boolean,
    timing: GenerationTiming,
  ): Generation | undefined {
    const number = ++this.#generations;
    return launchGeneration(this.#options, { number, reason, task, replayed }, timing, {
      onUnit: (generation, rungId, unit) => this.#delivered(generation, rungId, unit),
      onProgress: (generation, progress) => this.#progress(generation, progress),
      onExit: (generation, exit) => this.#exited(generation, exit),
    });
  }

  // ---- the way in -----------------------------------------------------------------------------------------------------------

  #give(generation: Generation, unit: AccessUnit): void {
    if (generation.unanswered === 0) generation.aliveMs = this.#options.clock.monotonicMs();
    if (generation.session.write(unit) === 'written') generation.unanswered++;
  }

  #writeSwitching(pending: Switchover, unit: AccessUnit): void {
    if (pending.atPts === undefined && unit.keyframe) pending.begin(this.#ms(unit.pts));
    if (pending.atPts !== undefined) this.#give(pending.to, unit);
    if (!pending.oldEnded && pending.from !== undefined) this.#give(pending.from, unit);
  }

  /** What only time can tell, looked at when a unit comes: no input, no hurry. */
  #watchTime(unit: AccessUnit): void {
    const nowMs = this.#options.clock.monotonicMs();
    const pending = this.#switch;
    const timeoutMs = this.#options.replanTimeoutMs ?? 5000;
    if (
      pending?.atPts !== undefined &&
      !pending.oldEnded &&
      pending.ageMs(nowMs) > timeoutMs &&
      !pending.newWorks
    ) {
      if (this.#ms(unit.pts) > pending.atPts + timeoutMs)
        this.#abandonSwitch('the new FFmpeg delivers nothing');
    }
    for (const generation of [this.#current, pending?.to]) {
      if (generation === undefined || generation.unanswered === 0) continue;
      if (nowMs - generation.aliveMs <= (this.#options.hangMs ?? 8000)) continue;
      generation.aliveMs = nowMs;
      void generation.session.close('it takes pictures and gives none');
    }
    const current = this.#current;
    if (current === undefined) {
      this.#startLate(unit);
      return;
    }
    const firstPts = current.session.firstPtsMs;
    if (
      firstPts !== undefined &&
      this.#switch === undefined &&
      this.#ms(unit.pts) - firstPts > MAX_GENERATION_MS
    ) {
      this.replan({ ...this.#task, keyframes: { ...this.#task.keyframes } });
    }
  }

  /** Forced keyframes need a keyframe in the cache to start from. */
  #startLate(unit: AccessUnit): void {
    const waiting =
      this.#state === 'running' && this.#restartTimer === undefined && this.#switch === undefined;
    if (waiting && unit.keyframe && this.#task.rungs.length > 0)
      this.#start(this.#generations === 0 ? 'start' : 'restart', true);
  }

  // ---- the way out ----------------------------------------------------------------------------------------------------------

  #delivered(generation: Generation, rungId: string, unit: AccessUnit): void {
    generation.delivered.add(rungId);
    generation.aliveMs = this.#options.clock.monotonicMs();
    generation.unanswered = 0;
    const pending = this.#switch;
    if (pending !== undefined && generation === pending.to) {
      pending.takeNew(rungId, unit);
      this.#advanceSwitch(pending);
    } else if (generation === this.#current) {
      if (pending?.takeOld(rungId, unit) === true) this.#advanceSwitch(pending);
      else this.#outlet.emit(generation, rungId, unit);
    }
  }

  #progress(generation: Generation, progress: TranscodeProgress): void {
    if (generation !== this.#current) return;
    this.#listener.onProgress(progress);
    if (this.#switch === undefined && this.#overload.observe(progress, this.#options.clock.monotonicMs())) {
      this.#listener.onOverload(progress);
    }
  }

  // ---- taking over ----------------------------------------------------------------------------------------------------------

  #prepareSwitch(task: TranscodeTask, newSource: boolean): void {
    const from = this.#current;
    const nowMs = this.#options.clock.monotonicMs();
    let timing: { readonly epochMs?: number } = {};
    let replay: readonly AccessUnit[] = [];
    let planned = task;
    let atPts: number | undefined;
    if (task.keyframes.mode === 'forced' && !newSource) {
      atPts = Math.max(task.keyframes.fromPtsMs, (this.newestPtsMs ?? Number.NEGATIVE_INFINITY) + 1);
      replay = this.#cache.since(this.#sourceTicks(atPts));
      const first = replay[0];
      if (first !== undefined) timing = { epochMs: this.#ms(first.dts) };
      planned = { ...task, keyframes: { ...task.keyframes, fromPtsMs: atPts } };
      this.#task = planned;
    }
    if (task.keyframes.mode === 'forced' && replay.length === 0) {
      // No keyframe to decode from: break before make.
      this.#stopCurrent('replanned');
      return;
    }
    const to = this.#launch(planned, 'replan', replay.length > 0, timing);
    if (to === undefined) {
      this.#task = from?.task ?? task;
      this.#listener.onReplanFailed('FFmpeg could not be started');
      return;
    }
    this.#switch = new Switchover({ from, to, nowMs, newSource, ...(atPts === undefined ? {} : { atPts }) });
    to.session.prime(replay);
    to.unanswered += replay.length;
  }

  #advanceSwitch(pending: Switchover): void {
    if (pending.newWorks) pending.endOld();
    if (!pending.decided) return;
    this.#switch = undefined;
    this.#stopCurrent('replaced');
    this.#current = pending.to;
    if (pending.newSource) this.#outlet.forgetTimes();
    for (const { rungId, unit } of pending.heldNew) this.#outlet.emit(pending.to, rungId, unit);
  }

  /** The new one is given up and the old one goes on, unless it has already been told to stop. */
  #abandonSwitch(reason: string): void {
    const pending = this.#switch;
    if (pending === undefined) return;
    this.#switch = undefined;
    this.#bury(pending.to, reason);
    const { from } = pending;
    if (from === undefined || from !== this.#current || pending.oldEnded) {
      this.#stopCurrent(reason);
      this.#died(reason, true);
      return;
    }
    this.#task = from.task;
    for (const { rungId, unit } of pending.heldOld) this.#outlet.emit(from, rungId, unit);
    this.#listener.onReplanFailed(reason);
  }

  // ---- ends -----------------------------------------------------------------------------------------------------------------

  #exited(generation: Generation, exit: TranscodeExit): void {
    const pending = this.#switch;
    if (pending !== undefined && generation === pending.to) {
      this.#abandonSwitch(`the new FFmpeg ended: ${describe(exit)}`);
      return;
    }
    if (generation !== this.#current) return;
    this.#current = undefined;
    if (pending?.oldEnded === true) {
      pending.oldGone();
      this.#advanceSwitch(pending);
      return;
    }
    if (pending !== undefined) {
      this.#switch = undefined;
      this.#bury(pending.to, 'the old FFmpeg died');
    }
    const { number } = generation;
    this.#options.log.warn({ generation: number, ...exit }, 'FFmpeg died');
    this.#died(describe(exit), generation.delivered.size > 0 || !generation.replayed);
  }

  #died(reason: string, mayLookBack: boolean): void {
    if (this.#state === 'closed') return;
    const delayMs = this.#policy.died(this.#options.clock.monotonicMs());
    if (delayMs === undefined) {
      this.#state = 'degraded';
      this.#options.log.error({ reason }, 'FFmpeg died too often: no more renditions than the source');
      this.#listener.onDegraded(reason);
      return;
    }
    this.#cancelRestart();
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      this.#start('restart', mayLookBack);
    }, delayMs);
  }

  #stopCurrent(reason: string): void {
    const generation = this.#current;
    this.#current = undefined;
    if (generation !== undefined) this.#bury(generation, reason);
  }

  #bury(generation: Generation, reason: string): void {
    const closing = generation.session.close(reason);
    this.#dying.add(closing);
    void closing.then(() => this.#dying.delete(closing));
  }

  #cancelRestart(): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
  }

  #ms(value: Ticks): number {
    return rescale(value, this.#task.source.timescale, MILLISECONDS);
  }

  #sourceTicks(ms: number): number {
    return (ms * this.#task.source.timescale) / MILLISECONDS;
  }
}

function describe(exit: TranscodeExit): string {
  const how = exit.signal === undefined ? `code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
  return exit.reason ?? exit.stderrTail.at(-1) ?? how;
}
