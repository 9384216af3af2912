import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { element, setText } from '../element.ts';
import { durationWords, viewerWords } from './studio-words.ts';

/** The bar of a live stream: on air, for how long, for whom, how well. Red while on air, and only then. */
export class OnAirBar {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #state = element('strong', { className: 'on-air-word', text: 'ON AIR' });
  readonly #duration = element('span');
  readonly #viewers = element('span', { className: 'viewers' });
  readonly #health = element('span', { className: 'health' });
  readonly #end = element('button', { className: 'button', text: 'End' });

  /** `end` is called when the broadcaster wants to end the stream. */
  constructor(end: () => void) {
    this.#end.addEventListener('click', end);
    this.root = element(
      'div',
      { className: 'on-air-bar', hidden: true },
      this.#state,
      this.#duration,
      this.#viewers,
      this.#health,
      element('span', { className: 'space' }),
      this.#end,
    );
    this.root.tabIndex = -1;
    this.root.setAttribute('role', 'region');
    this.root.setAttribute('aria-label', 'Your stream');
  }

  /** Shows the newest figures. `nowMs` is of `performance.now()`. */
  show(state: BroadcastState, nowMs: number): void {
    const onAir = state.status === 'live';
    this.root.hidden = !onAir && state.status !== 'reconnecting';
    this.root.classList.toggle('reconnecting', !onAir);
    setText(this.#state, onAir ? 'ON AIR' : 'RECONNECTING');
    setText(this.#duration, state.liveSinceMs === undefined ? '' : durationWords(nowMs - state.liveSinceMs));
    setText(this.#viewers, state.server === undefined ? '' : viewerWords(state.server.viewers));
    setText(this.#health, onAir ? (state.health?.word ?? '') : '');
  }
}
