import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import { element, setText } from './element.ts';
import { bitrateWords, connectionWords, latencyFigure, secondsWords, transportName } from './words.ts';

/** Figures for the curious, as a list of terms. */
export class StatsPanel {
  /** To be placed by the page; hidden at first. */
  readonly root = element('dl', { className: 'stats', hidden: true });
  readonly #values = new Map<string, HTMLElement>();
  readonly #video: HTMLVideoElement;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.root.id = 'stats';
  }

  /** Shows the newest figures; does nothing while hidden. */
  update(state: PlayerState): void {
    if (this.root.hidden) {
      return;
    }
    const shown = state.renditions.find((option) => option.id === state.currentRenditionId);
    const quality = this.#video.getVideoPlaybackQuality();
    this.#set(
      'Picture',
      state.videoWidth === 0 ? 'none' : `${String(state.videoWidth)} × ${String(state.videoHeight)}`,
    );
    const byServer = state.transport === 'whep';
    this.#set(
      'Rendition',
      shown === undefined
        ? byServer
          ? 'chosen by the server'
          : 'unknown'
        : `${shown.name}, ${bitrateWords(shown.bitrateBps)}, ${state.autoRendition ? 'automatic' : 'chosen by you'}`,
    );
    this.#set('Transport', `${transportName(state.transport)}. ${state.transportReason}`);
    this.#set('Connection', state.connection === undefined ? 'HTTP' : connectionWords(state.connection));
    this.#set('Latency', latencyFigure(state));
    this.#set(
      'Buffer',
      byServer
        ? secondsWords(state.bufferSec)
        : `${secondsWords(state.bufferSec)}, at least ${secondsWords(state.targetTroughSec)} wanted`,
    );
    this.#set('Speed', `${state.playbackRate.toFixed(2)} ×`);
    this.#set(
      'Dropped frames',
      `${String(quality.droppedVideoFrames)} of ${String(quality.totalVideoFrames)}`,
    );
    this.#set('Stalls', String(state.stallCount));
    this.#set('State', state.error === undefined ? state.status : `${state.status}, ${state.error.code}`);
  }

  #set(term: string, value: string): void {
    let target = this.#values.get(term);
    if (target === undefined) {
      target = element('dd');
      this.#values.set(term, target);
      this.root.append(element('dt', { text: term }), target);
    }
    setText(target, value);
  }
}
