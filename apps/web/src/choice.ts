import { element } from './element.ts';

/** A menu to choose one of a few values from. */
export function choiceOf(options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement {
  const made = element('select');
  for (const [value, text] of options) {
    addChoice(made, value, text);
  }
  return made;
}

/** Chooses a value. One that is not offered is added: what was set elsewhere is shown, and not lost by saving. */
export function choose(select: HTMLSelectElement, value: string, text = value): void {
  if (![...select.options].some((option) => option.value === value)) {
    addChoice(select, value, text);
  }
  select.value = value;
}

/** Offers one value more. */
export function addChoice(select: HTMLSelectElement, value: string, text: string): void {
  const option = element('option', { text });
  option.value = value;
  select.append(option);
}
