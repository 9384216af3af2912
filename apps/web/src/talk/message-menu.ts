import { element, setText } from '../element.ts';

/** One thing that can be done. */
export interface MenuAction {
  readonly text: string;
  /** Rejects with what was refused. */
  readonly act: () => Promise<unknown>;
}

/**
 * What can be done about a message, as one menu at the foot of the chat: it stays where it is while messages move on, and fits a
 * narrow page. Arrow keys move in it, Escape closes it, and the focus goes back to where it came from.
 */
export class MessageMenu {
  /** To be placed by the page. */
  readonly root = element('div', { className: 'chat-menu', hidden: true });
  readonly #title = element('p', { className: 'chat-menu-title' });
  readonly #items = element('div', { className: 'chat-menu-items' });
  readonly #refused: (error: unknown) => void;
  #opener: HTMLElement | undefined;

  /** `refused` is told why an action was not done. */
  constructor(refused: (error: unknown) => void) {
    this.#refused = refused;
    this.#title.id = 'chat-menu-title';
    this.#items.setAttribute('role', 'menu');
    this.#items.setAttribute('aria-labelledby', this.#title.id);
    const close = element('button', { className: 'chat-tool', text: 'Close' });
    close.type = 'button';
    close.addEventListener('click', () => {
      this.close();
    });
    this.root.append(element('div', { className: 'chat-menu-head' }, this.#title, close), this.#items);
    this.root.addEventListener('keydown', (event) => {
      this.#key(event);
    });
  }

  /** A button that opens the menu with what there is to do then. `label` is for who does not see where it stands. */
  opener(label: string, title: string, actions: () => readonly MenuAction[]): HTMLButtonElement {
    const button = element('button', { className: 'chat-tool chat-opener', text: '⋯' });
    button.type = 'button';
    button.setAttribute('aria-label', label);
    button.setAttribute('aria-haspopup', 'menu');
    button.setAttribute('aria-expanded', 'false');
    button.addEventListener('click', () => {
      if (this.#opener === button) {
        this.close();
      } else {
        this.#open(button, title, actions());
      }
    });
    return button;
  }

  /** Closes it; the focus goes back to its opener when it was inside. */
  close(): void {
    const opener = this.#opener;
    const hadFocus = this.root.contains(document.activeElement);
    this.#opener = undefined;
    this.root.hidden = true;
    opener?.setAttribute('aria-expanded', 'false');
    if (hadFocus) {
      opener?.focus();
    }
  }

  #open(opener: HTMLElement, title: string, actions: readonly MenuAction[]): void {
    this.close();
    this.#opener = opener;
    opener.setAttribute('aria-expanded', 'true');
    setText(this.#title, title);
    this.#items.replaceChildren(...actions.map((action) => this.#item(action)));
    this.root.hidden = false;
    this.#focus(0);
  }

  #item({ text, act }: MenuAction): HTMLButtonElement {
    const item = element('button', { className: 'button', text });
    item.type = 'button';
    item.setAttribute('role', 'menuitem');
    item.tabIndex = -1;
    item.addEventListener('click', () => {
      this.close();
      act().catch((error: unknown) => {
        this.#refused(error);
      });
    });
    return item;
  }

  #key(event: KeyboardEvent): void {
    const items = [...this.#items.children];
    const at = items.indexOf(document.activeElement ?? this.root);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: -1,
    };
    if (event.key === 'Escape') {
      this.close();
    } else if (Object.hasOwn(to, event.key)) {
      this.#focus(to[event.key] ?? 0);
    } else {
      return;
    }
    event.preventDefault();
    // The player has keys of the same names.
    event.stopPropagation();
  }

  #focus(index: number): void {
    const { children } = this.#items;
    const item = children.item((index + children.length) % Math.max(1, children.length));
    if (item instanceof HTMLElement) {
      item.focus();
    }
  }
}
