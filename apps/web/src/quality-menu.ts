import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import { element, setText } from './element.ts';
import { autoWords, renditionWords } from './words.ts';

/** The rendition menu: Auto, then each rendition. The browser's own list, so keyboards and screen readers know it. */
export class QualityMenu {
  /** To be placed by the page. */
  readonly root = element('select');
  readonly #auto = element('option', { text: 'Auto' });
  #ids = '';

  constructor(choose: (id: string) => void) {
    this.root.setAttribute('aria-label', 'Quality');
    this.root.title = 'Quality';
    this.#auto.value = 'auto';
    this.root.append(this.#auto);
    this.root.addEventListener('change', () => {
      choose(this.root.value);
    });
  }

  /** Rebuilds the entries only when they changed, so that an open menu stays open. */
  update(state: PlayerState): void {
    const ids = JSON.stringify(state.renditions);
    if (ids !== this.#ids) {
      this.#ids = ids;
      const chosen = this.root.value;
      const entries = state.renditions.map((option) => {
        const entry = element('option', { text: renditionWords(option) });
        entry.value = option.id;
        return entry;
      });
      this.root.replaceChildren(this.#auto, ...entries);
      this.root.value = state.renditions.some((option) => option.id === chosen) ? chosen : 'auto';
    }
    setText(this.#auto, autoWords(state));
  }
}
