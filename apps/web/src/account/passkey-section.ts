import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { SignInClient } from '@tallylight/client/api/sign-in-client.ts';
import { element } from '../element.ts';
import { accountForm } from './account-form.ts';
import { dateWords, type Item, ItemList } from './item-list.ts';
import { addPasskey, hasPasskeys } from './passkey-ceremony.ts';
import { ProvenAction } from './proven-action.ts';

/** One's passkeys: add one of this device, see them, remove one. */
export function passkeySection(api: ApiClient): HTMLElement {
  const client = new SignInClient();
  const action = new ProvenAction(api);
  const list = new ItemList('No passkeys yet.', async () => {
    const passkeys = await client.passkeys();
    return passkeys.map(({ id, name, createdAt }): Item => {
      const remove = action.button('Remove', async () => {
        const yes = action.button('Remove the passkey', async () => {
          await client.removePasskey(id);
          action.place.replaceChildren();
          await list.show();
        });
        action.ask(`Remove “${name ?? 'Passkey'}”? It signs nobody in any more.`, yes);
      });
      remove.setAttribute('aria-label', `Remove passkey ${name ?? ''}`);
      return { title: name ?? 'Passkey', detail: `Added ${dateWords(createdAt)}`, tools: [remove] };
    });
  });
  const form = accountForm(
    [{ name: 'name', label: 'Name of this device', type: 'text', autocomplete: 'off', maxLength: 100 }],
    'Add a passkey',
    async ({ name = '' }) => {
      await action.run(async () => {
        await addPasskey(client, name);
        form.reset();
        await list.show();
      });
    },
    { isSecondary: true },
  );
  const cannot = element('p', {
    className: 'hint',
    text: 'This browser cannot use passkeys here. They need HTTPS and a browser of 2025 or later.',
  });
  void list.show();
  return element(
    'section',
    { className: 'panel' },
    element('h2', { text: 'Passkeys' }),
    element('p', {
      className: 'hint',
      text: 'Sign in with your fingerprint, face or a security key instead of the password.',
    }),
    list.root,
    hasPasskeys() ? form : cannot,
    action.notice,
    action.place,
  );
}
