import { element } from '../element.ts';

/** The way to the page that tests the network, in a tab of its own: the preview stays. */
export function networkTestLink(): HTMLAnchorElement {
  const link = element('a', { text: 'Test your network' });
  link.href = '/network-test';
  link.target = '_blank';
  return link;
}
