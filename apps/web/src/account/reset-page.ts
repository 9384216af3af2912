import { element } from '../element.ts';
import '../fields.css';
import './account.css';
import { accountForm } from './account-form.ts';
import { post, Refusal } from './session.ts';

/** Sets a new password with the token of a letter's link; without a token it asks for such a letter. */
export class ResetPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account' });
  readonly #panel = element('section', { className: 'panel' });

  constructor() {
    const token = new URLSearchParams(location.search).get('token') ?? '';
    // Out of the address bar, so that it is in no screenshot and no referrer.
    history.replaceState(null, '', location.pathname);
    this.#panel.append(...(token === '' ? this.#ask() : this.#set(token)));
    this.root.append(this.#panel);
  }

  #ask(): HTMLElement[] {
    const form = accountForm(
      [{ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email' }],
      'Send the link',
      async ({ email }) => {
        await post('/api/auth/request-password-reset', { email });
        this.#say(
          'Look into your mail',
          'If there is an account with this address, a link to set a new password is on its way.',
        );
      },
    );
    return [
      element('h1', { text: 'Forgot your password?' }),
      element('p', { text: 'We send you a link to set a new one.' }),
      form,
    ];
  }

  #set(token: string): HTMLElement[] {
    const form = accountForm(
      [
        {
          name: 'newPassword',
          label: 'New password, at least 10 characters',
          type: 'password',
          autocomplete: 'new-password',
          minLength: 10,
          maxLength: 128,
        },
      ],
      'Set the password',
      async ({ newPassword }) => {
        await post('/api/auth/reset-password', { token, newPassword }).catch(sayOld);
        const link = element('a', { className: 'button primary', text: 'Sign in' });
        link.href = '/sign-in';
        this.#say('Your password is set', 'You are signed out everywhere. Sign in with the new one.', link);
      },
    );
    return [element('h1', { text: 'Set a new password' }), form];
  }

  #say(title: string, text: string, ...more: HTMLElement[]): void {
    const heading = element('h1', { text: title });
    heading.tabIndex = -1;
    this.#panel.replaceChildren(heading, element('p', { text }), ...more);
    heading.focus();
  }
}

/** The one refusal that is no fault of the password. */
function sayOld(error: unknown): never {
  if (error instanceof Refusal && error.reason === 'INVALID_TOKEN') {
    throw new Refusal('This link was used already, or is too old. Ask for a new one.');
  }
  throw error;
}
