import { element } from '../element.ts';
import '../fields.css';
import './account.css';
import { accountForm, type FormField } from './account-form.ts';
import { post } from './session.ts';

const TOKEN: FormField = {
  name: 'token',
  label: 'Token from the console',
  type: 'text',
  autocomplete: 'off',
};

/** Makes the first administrator, with the one-time token that the console printed (in the address after `#`, so that no log has it). */
export class SetupPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account' });

  constructor() {
    const token = location.hash.slice(1);
    const form = accountForm(
      [
        {
          name: 'displayName',
          label: 'Name that others see',
          type: 'text',
          autocomplete: 'nickname',
          maxLength: 25,
        },
        { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email' },
        {
          name: 'password',
          label: 'Password, at least 10 characters',
          type: 'password',
          autocomplete: 'new-password',
          minLength: 10,
        },
        ...(token === '' ? [TOKEN] : []),
      ],
      'Make the administrator',
      async ({ email, password, displayName, token: typed }) => {
        await post('/api/setup', { token: token === '' ? typed : token, email, password, displayName });
        await post('/api/auth/sign-in/email', { email, password });
        location.assign('/');
      },
    );
    this.root.append(
      element(
        'section',
        { className: 'panel' },
        element('h1', { text: 'Welcome to Tallylight' }),
        element('p', { text: 'Make the account that administers this server. This works once.' }),
        form,
      ),
    );
  }
}
