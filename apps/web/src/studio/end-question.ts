import { element, setText } from '../element.ts';
import { endWords } from './studio-words.ts';

/** Asks before the end of a stream. The safe answer has the focus; Esc means to keep streaming. */
export class EndQuestion {
  /** To be placed by the page. */
  readonly root = element('dialog', { className: 'question' });
  readonly #words = element('p');

  /** `end` is called when the broadcaster means it. */
  constructor(end: () => void) {
    const sure = element('button', { className: 'button end', text: 'End stream' });
    const keep = element('button', { className: 'button primary', text: 'Keep streaming' });
    keep.autofocus = true;
    this.#words.id = 'end-question';
    this.root.setAttribute('aria-labelledby', this.#words.id);
    keep.addEventListener('click', () => {
      this.root.close();
    });
    sure.addEventListener('click', () => {
      this.root.close();
      end();
    });
    this.root.append(this.#words, element('div', { className: 'buttons' }, sure, keep));
  }

  /** Opens the question. */
  ask(viewers: number): void {
    setText(this.#words, endWords(viewers));
    this.root.showModal();
  }

  /** The stream ended meanwhile. */
  close(): void {
    this.root.close();
  }
}
