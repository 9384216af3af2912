import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { element } from '../element.ts';
import { accountForm } from './account-form.ts';
import { ProvenAction } from './proven-action.ts';
import { Refusal } from './session.ts';

/** Deletes the account, after its e-mail address was typed. */
export function deleteSection(api: ApiClient, email: string | null): HTMLElement {
  const action = new ProvenAction(api);
  const word = email ?? 'delete';
  const form = accountForm(
    [{ name: 'confirmation', label: `Type ${word} to confirm`, type: 'text', autocomplete: 'off' }],
    'Delete my account',
    async ({ confirmation = '' }) => {
      if (confirmation.trim().toLowerCase() !== word.toLowerCase()) {
        throw new Refusal(`That is not ${word}. Nothing was deleted.`);
      }
      await action.run(async () => {
        await api.call('DELETE /api/me');
        location.assign('/');
      });
    },
    { isSecondary: true },
  );
  return element(
    'section',
    { className: 'panel' },
    element('h2', { text: 'Delete the account' }),
    element('p', {
      className: 'hint',
      text: 'Your channels, streams and messages go with it. This cannot be undone.',
    }),
    ...[form, action.notice, action.place],
  );
}
