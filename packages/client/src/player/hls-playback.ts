import HlsJs, {
  type ErrorData,
  ErrorDetails,
  ErrorTypes,
  Events,
  type LevelDetails,
  PlaylistLevelType,
} from 'hls.js';
import { liveHlsConfig } from './hls-settings.ts';
import { lostWindow, type PlaylistSpan } from './lost-window.ts';
import type { Playback, PlaybackFailure, PlaybackListener } from './playback.ts';
import type { RenditionOption } from './player-state.ts';
import { renditionOptions } from './rendition-option.ts';
import { giveUpSkippedParts } from './skipped-parts.ts';
import type { SourceAddress } from './source-address.ts';
import { conditionOfStatus } from './source-probe.ts';

const UNSUPPORTED: ReadonlySet<string> = new Set([
  ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
  ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
  ErrorDetails.BUFFER_ADD_CODEC_ERROR,
]);

/**
 * hls.js fetches a new rendition from the segment's first part on, because that one is independent. So a switch waits for the
 * first part of a segment: one part to fetch twice instead of up to ten, with 0.3 s of buffer to do it in. But not for longer than this.
 */
const SWITCH_WAIT_MS = 3_000;
/** A media error that comes again within this time is not mended by resetting the decoder. */
const SECOND_MEDIA_ERROR_MS = 5_000;

/** Settings of a {@link HlsPlayback}. */
export interface HlsPlaybackOptions {
  readonly address: SourceAddress;
  readonly media: HTMLMediaElement;
  readonly listener: PlaybackListener;
  /** Id of the rendition to start with, or 'auto'. */
  readonly rendition: string;
}

/** Plays through hls.js and Media Source Extensions. */
export class HlsPlayback implements Playback {
  readonly transport = 'll-hls';
  readonly steerable = true;
  readonly #hls: HlsJs;
  readonly #options: HlsPlaybackOptions;
  /** In the order of `hls.levels`. */
  #renditions: RenditionOption[] = [];
  #span: PlaylistSpan | undefined;
  /** A rendition that was asked for, until the next segment begins. */
  #nextLevel: number | undefined;
  #switchTimer: ReturnType<typeof setTimeout> | undefined;
  #lastMediaErrorMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #failed = false;

  constructor(options: HlsPlaybackOptions) {
    this.#options = options;
    const hls = new HlsJs(liveHlsConfig(options.address));
    this.#hls = hls;
    hls.on(Events.MANIFEST_PARSED, () => {
      this.#readLevels();
    });
    hls.on(Events.LEVELS_UPDATED, () => {
      this.#readLevels();
    });
    hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => {
      this.#options.listener.renditionShown(this.#renditions[level]?.id, hls.autoLevelEnabled);
    });
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#watchWindow(details);
      this.#aimColdStart(details);
    });
    hls.on(Events.FRAG_LOADING, (_event, { frag, part }) => {
      const ofAudio = hls.audioTracks[hls.audioTrack]?.details;
      const details = frag.type === PlaylistLevelType.AUDIO ? ofAudio : hls.levels[frag.level]?.details;
      if (part && details?.partList) {
        giveUpSkippedParts(details.partList, { msn: frag.sn, index: part.index });
      }
    });
    hls.on(Events.FRAG_BUFFERED, (_event, { frag, part }) => {
      if (this.#nextLevel !== undefined && frag.type === PlaylistLevelType.MAIN && part?.index === 0) {
        this.#switchTo(this.#nextLevel);
      }
    });
    hls.on(Events.ERROR, (_event, error) => {
      this.#onError(error);
    });
    hls.loadSource(options.address.url);
    hls.attachMedia(options.media);
  }

  /** Whether this browser can play this way. */
  static isSupported(): boolean {
    // oxlint-disable-next-line import/no-named-as-default-member -- hls.js's types do not declare the named export
    return HlsJs.isSupported();
  }

  get playheadEpochMs(): number | undefined {
    return this.#hls.playingDate?.getTime();
  }

  get liveEdgeSec(): number | undefined {
    return this.#hls.liveSyncPosition ?? undefined;
  }

  get sinceAdvanceSec(): number | undefined {
    return this.#hls.latestLevelDetails?.age;
  }

  get playlistEnded(): boolean {
    return this.#hls.latestLevelDetails?.live === false;
  }

  selectRendition(id: string): void {
    const index = this.#renditions.findIndex((option) => option.id === id);
    clearTimeout(this.#switchTimer);
    this.#nextLevel = undefined;
    if (index === -1 || !this.#hls.latestLevelDetails?.partList) {
      this.#switchTo(index);
      return;
    }
    this.#nextLevel = index;
    this.#switchTimer = setTimeout(() => {
      this.#switchTo(index);
    }, SWITCH_WAIT_MS);
  }

  suspend(): void {
    this.#hls.stopLoad();
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#switchTimer);
      this.#hls.destroy();
    }
  }

  #switchTo(level: number): void {
    clearTimeout(this.#switchTimer);
    this.#nextLevel = undefined;
    this.#hls.nextLevel = level;
    const shown = this.#renditions[this.#hls.currentLevel];
    this.#options.listener.renditionShown(shown?.id, this.#hls.autoLevelEnabled);
  }

  #readLevels(): void {
    this.#renditions = renditionOptions(this.#hls.levels);
    const menu = [...this.#renditions].sort((a, b) => b.height - a.height || b.bitrateBps - a.bitrateBps);
    this.#options.listener.renditionsKnown(menu);
    const wanted = this.#renditions.findIndex((option) => option.id === this.#options.rendition);
    if (wanted !== -1 && this.#span === undefined) {
      this.#hls.loadLevel = wanted;
    }
  }

  #watchWindow(details: LevelDetails): void {
    const endEpochMs = details.fragments.at(-1)?.endProgramDateTime ?? undefined;
    const span: PlaylistSpan = {
      startMsn: details.startSN,
      endMsn: Math.max(details.endSN, details.lastPartSn),
      startEpochMs: details.fragments[0]?.programDateTime ?? undefined,
      endEpochMs,
    };
    const previous = this.#span;
    this.#span = span;
    if (previous !== undefined && lostWindow(previous, span)) {
      this.#fail({
        kind: 'window-lost',
        detail: `playlist jumped from ${String(previous.endMsn)} to ${String(span.startMsn)}`,
      });
    }
  }

  /**
   * Seconds after the publisher began, the playlist holds only EXT-X-GAP segments and a few parts, and PART-HOLD-BACK behind
   * the edge lies inside a gap: hls.js would try it, fail, and give the rendition a penalty. So aim at the first real part.
   */
  #aimColdStart(details: LevelDetails): void {
    const holdBackSec = details.partHoldBack;
    if (!details.live || holdBackSec === 0) {
      return;
    }
    const firstReal = details.partList?.find((part) => !part.gap);
    const cold = details.fragments.every((fragment) => fragment.gap === true);
    const mediaSec = firstReal === undefined ? 0 : details.partEnd - firstReal.start;
    const aimSec =
      cold && mediaSec > 0 ? Math.min(holdBackSec, Math.max(details.partTarget, mediaSec)) : holdBackSec;
    if (this.#hls.targetLatency !== null && Math.abs(this.#hls.targetLatency - aimSec) > 0.001) {
      this.#hls.targetLatency = aimSec;
    }
  }

  #onError(error: ErrorData): void {
    if (UNSUPPORTED.has(error.details) && error.fatal) {
      this.#fail({ kind: 'unsupported', detail: `${error.details}: ${error.error.message}` });
      return;
    }
    if (!error.fatal) {
      return;
    }
    const detail = `${error.details}: ${error.error.message}`;
    if (error.type === ErrorTypes.NETWORK_ERROR) {
      const status = error.response?.code ?? 0;
      this.#fail({ kind: 'network', condition: conditionOfStatus(status), detail });
      return;
    }
    const nowMs = performance.now();
    if (error.type === ErrorTypes.MEDIA_ERROR && nowMs - this.#lastMediaErrorMs > SECOND_MEDIA_ERROR_MS) {
      this.#lastMediaErrorMs = nowMs;
      this.#hls.recoverMediaError();
      return;
    }
    this.#fail({ kind: 'media', detail });
  }

  #fail(failure: PlaybackFailure): void {
    if (!this.#failed && !this.#closed) {
      this.#failed = true;
      this.#options.listener.failed(failure);
    }
  }
}
