import { element } from '../element.ts';

/** How long "Copied" stands on the button. */
const COPIED_MS = 2_000;

/** The address for the viewers: to open, and to copy. */
export class WatchLink {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #link = element('a', { text: 'Open the watch page' });
  readonly #copy = element('button', { className: 'button', text: 'Copy link' });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#link.target = '_blank';
    this.#link.rel = 'noopener';
    this.#copy.addEventListener('click', () => {
      void this.#copyUrl();
    });
    this.root = element('div', { className: 'watch-link', hidden: true }, this.#link, this.#copy);
  }

  /** Shows the address; nothing without one. */
  show(url: string | undefined): void {
    this.root.hidden = url === undefined;
    if (url !== undefined && this.#link.href !== url) {
      this.#link.href = url;
    }
  }

  async #copyUrl(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#link.href);
      this.#copy.textContent = 'Copied';
    } catch {
      this.#copy.textContent = 'Not copied';
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#copy.textContent = 'Copy link';
    }, COPIED_MS);
  }
}
