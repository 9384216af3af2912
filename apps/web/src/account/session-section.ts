import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { element } from '../element.ts';
import { deviceWords } from './device-words.ts';
import { dateWords, type Item, ItemList } from './item-list.ts';
import { ProvenAction } from './proven-action.ts';

/** Where one is signed in, with a way to end each of the others, or all of them. */
export function sessionSection(api: ApiClient): HTMLElement {
  const action = new ProvenAction(api);
  let others: readonly string[] = [];
  const end = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      await api.call('DELETE /api/me/sessions/:id', { params: { id } });
    }
    await list.show();
  };
  const all = action.button('Sign out everywhere else', () => end(others));
  all.hidden = true;
  const list = new ItemList('Nowhere.', async () => {
    const { sessions } = await api.call('GET /api/me/sessions');
    others = sessions.filter(({ isCurrent }) => !isCurrent).map(({ id }) => id);
    all.hidden = others.length < 2;
    return sessions.map(({ id, userAgent, createdAt, isCurrent }): Item => {
      const device = deviceWords(userAgent);
      const out = action.button('Sign out', () => end([id]));
      out.setAttribute('aria-label', `Sign out ${device}`);
      const here = element('span', { className: 'hint', text: 'Here' });
      return {
        title: device,
        detail: `Since ${dateWords(createdAt)}`,
        tools: [isCurrent ? here : out],
      };
    });
  });
  void list.show();
  return element(
    'section',
    { className: 'panel' },
    element('h2', { text: 'Where you are signed in' }),
    ...[list.root, all, action.notice, action.place],
  );
}
