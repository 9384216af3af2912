import { SignInClient } from '@tallylight/client/api/sign-in-client.ts';
import { element, setText } from '../element.ts';
import { accountForm } from './account-form.ts';

/** Sets another password; every other session ends with it, which `changed` may show. */
export function passwordSection(changed: () => void): HTMLElement {
  const client = new SignInClient();
  const done = element('p', { className: 'hint' });
  done.setAttribute('role', 'status');
  const form = accountForm(
    [
      {
        name: 'currentPassword',
        label: 'Password now',
        type: 'password',
        autocomplete: 'current-password',
        maxLength: 128,
      },
      {
        name: 'newPassword',
        label: 'New password, at least 10 characters',
        type: 'password',
        autocomplete: 'new-password',
        minLength: 10,
        maxLength: 128,
      },
    ],
    'Change the password',
    async ({ currentPassword = '', newPassword = '' }) => {
      setText(done, '');
      await client.changePassword(currentPassword, newPassword);
      setText(done, 'Your password is changed. You are signed out everywhere else.');
      changed();
    },
    { isSecondary: true, clears: true },
  );
  return element('section', { className: 'panel' }, element('h2', { text: 'Password' }), form, done);
}
