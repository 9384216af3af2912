import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { ApiTokenScope } from '@tallylight/protocol/entities/account.ts';
import { element } from '../element.ts';
import { formOf, labelled } from './account-form.ts';
import { dateWords, type Item, ItemList } from './item-list.ts';
import { ProvenAction } from './proven-action.ts';
import { secretLine } from './secret-line.ts';

const SCOPES: readonly (readonly [words: string, scopes: ApiTokenScope[]])[] = [
  ['Read only', ['read']],
  ['Read and write', ['read', 'write']],
];
const LIFETIMES: readonly (readonly [words: string, days: number | undefined])[] = [
  ['30 days', 30],
  ['90 days', 90],
  ['A year', 365],
  ['For good', undefined],
];

/** One's API tokens: make one, which is shown once, see them, revoke one. */
export function tokenSection(api: ApiClient): HTMLElement {
  const action = new ProvenAction(api);
  const made = element('div', { className: 'more' });
  const list = new ItemList('No tokens yet.', async () => {
    const { tokens } = await api.call('GET /api/me/tokens');
    return tokens.map(({ id, name, last4, scopes, expiresAt, lastUsedAt }): Item => {
      const revoke = action.button('Revoke', async () => {
        await api.call('DELETE /api/me/tokens/:id', { params: { id } });
        made.replaceChildren();
        await list.show();
      });
      revoke.setAttribute('aria-label', `Revoke token ${name}`);
      const until = expiresAt === null ? 'for good' : `until ${dateWords(expiresAt)}`;
      const detail = `…${last4} · ${scopes.join(', ')} · ${until} · last used ${dateWords(lastUsedAt)}`;
      return { title: name, detail, tools: [revoke] };
    });
  });
  const name = element('input');
  name.name = 'token-name';
  name.required = true;
  name.maxLength = 100;
  name.autocomplete = 'off';
  const scope = choice(SCOPES.map(([words]) => words));
  const lifetime = choice(LIFETIMES.map(([words]) => words));
  const form = formOf(
    [labelled('What it is for', name), labelled('It may', scope), labelled('It lasts', lifetime)],
    'Make a token',
    () =>
      action.run(async () => {
        const expiresInDays = LIFETIMES[lifetime.selectedIndex]?.[1];
        const { token } = await api.call('POST /api/me/tokens', {
          body: {
            name: name.value,
            scopes: SCOPES[scope.selectedIndex]?.[1] ?? ['read'],
            ...(expiresInDays === undefined ? {} : { expiresInDays }),
          },
        });
        made.replaceChildren(
          element('p', { text: 'Copy it now: it is not shown again.' }),
          secretLine('Token', token),
        );
        form.reset();
        await list.show();
      }),
    { isSecondary: true },
  );
  void list.show();
  return element(
    'section',
    { className: 'panel' },
    element('h2', { text: 'API tokens' }),
    element('p', { className: 'hint', text: 'For scripts that act in your name. Keep them secret.' }),
    list.root,
    form,
    ...[action.notice, action.place, made],
  );
}

function choice(words: readonly string[]): HTMLSelectElement {
  return element('select', {}, ...words.map((text) => element('option', { text })));
}
