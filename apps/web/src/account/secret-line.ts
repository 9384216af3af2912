import { element } from '../element.ts';

/** Something secret with its name, and a button to copy it. */
export function secretLine(name: string, value: string): HTMLElement {
  const line = element(
    'p',
    { className: 'secret' },
    element('span', { text: name }),
    element('code', { text: value }),
  );
  // Browsers give pages the clipboard only over HTTPS and on this very computer.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (clipboard !== undefined) {
    const copy = element('button', { className: 'button', text: 'Copy' });
    copy.type = 'button';
    copy.setAttribute('aria-label', `Copy ${name.toLowerCase()}`);
    copy.addEventListener('click', () => {
      clipboard.writeText(value).then(
        () => {
          copy.textContent = 'Copied';
        },
        () => {
          copy.textContent = 'Select it';
        },
      );
    });
    line.append(copy);
  }
  return line;
}
