import { element } from '../element.ts';

/** One thing to choose. */
export interface Choice {
  readonly value: string;
  readonly text: string;
  /** Says what is so, and cannot be chosen. */
  readonly disabled?: boolean;
}

/** A labelled list to choose from: the browser's own, so keyboards, phones and screen readers know it. */
export class ChoiceMenu {
  /** To be placed by the page: label and list. */
  readonly root: HTMLElement;
  readonly select = element('select');
  #shown = '';

  constructor(label: string, choose: (value: string) => void) {
    const name = element('label', { className: 'field-name', text: label });
    this.select.id = `choice-${label.toLowerCase()}`;
    name.htmlFor = this.select.id;
    this.root = element('div', { className: 'field' }, name, this.select);
    this.select.addEventListener('change', () => {
      choose(this.select.value);
    });
  }

  /** Shows the choices; rebuilt only when they changed, so that an open list stays open. */
  show(choices: readonly Choice[], chosen: string | undefined): void {
    const key = JSON.stringify(choices);
    if (key !== this.#shown) {
      this.#shown = key;
      this.select.replaceChildren(
        ...choices.map(({ value, text, disabled = false }) => {
          const option = element('option', { text });
          option.value = value;
          option.disabled = disabled;
          return option;
        }),
      );
    }
    if (chosen !== undefined && this.select.value !== chosen) {
      this.select.value = chosen;
    }
  }
}
