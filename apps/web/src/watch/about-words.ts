import { element } from '../element.ts';
import type { StreamPage } from '../stream-page.ts';
import './about-words.css';

/** What a stream is about, in its host's words; hidden where there are none. */
export function aboutWords({ description, tags }: Pick<StreamPage, 'description' | 'tags'>): HTMLElement {
  const words = element('p', { text: description, hidden: description === '' });
  words.dir = 'auto';
  const list = element('ul', { hidden: tags.length === 0 }, ...tags.map((text) => element('li', { text })));
  list.setAttribute('aria-label', 'Tags');
  const isEmpty = description === '' && tags.length === 0;
  return element('div', { className: 'about-words', hidden: isEmpty }, words, list);
}
