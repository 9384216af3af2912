import { element, setText } from '../element.ts';
import { failureWords } from './account-form.ts';

/** One entry: what it is, what else is known of it, and what can be done. */
export interface Item {
  readonly title: string;
  readonly detail: string;
  readonly tools: readonly HTMLElement[];
}

/** A list that is loaded: says that it loads, that it is empty, or why it could not be loaded. */
export class ItemList {
  /** To be placed by the page. */
  readonly root = element('div');
  readonly #words = element('p', { className: 'hint', text: 'Loading …' });
  readonly #list = element('ul', { className: 'item-list' });
  readonly #again = element('button', { className: 'button', text: 'Try again', hidden: true });
  readonly #load: () => Promise<readonly Item[]>;
  readonly #empty: string;

  /** `empty` says that there is nothing. Loads at {@link ItemList.show}. */
  constructor(empty: string, load: () => Promise<readonly Item[]>) {
    this.#empty = empty;
    this.#load = load;
    this.#words.setAttribute('role', 'status');
    this.#again.addEventListener('click', () => {
      void this.show();
    });
    this.root.append(this.#words, this.#list, this.#again);
  }

  /** Loads anew. What was there stays until there is an answer. Never rejects. */
  async show(): Promise<void> {
    this.#again.hidden = true;
    try {
      const items = await this.#load();
      this.#list.replaceChildren(...items.map(lineOf));
      setText(this.#words, items.length === 0 ? this.#empty : '');
      this.#words.hidden = items.length > 0;
    } catch (error) {
      setText(this.#words, failureWords(error));
      this.#words.hidden = false;
      this.#again.hidden = false;
    }
  }
}

function lineOf({ title, detail, tools }: Item): HTMLLIElement {
  const about = element(
    'span',
    { className: 'item-about' },
    element('bdi', { text: title }),
    element('span', { className: 'hint', text: detail }),
  );
  return element('li', {}, about, ...tools);
}

/** "4 May 2026", as people here write it; "never" without one. */
export function dateWords(time: string | null | undefined): string {
  if (time === null || time === undefined) {
    return 'never';
  }
  return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}
