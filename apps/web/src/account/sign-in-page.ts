import { SignInClient } from '@tallylight/client/api/sign-in-client.ts';
import type { SignInOptions } from '@tallylight/protocol/entities/account.ts';
import { element } from '../element.ts';
import '../fields.css';
import './account.css';
import { accountForm, type FormField, formOf } from './account-form.ts';
import { hasPasskeys, usePasskey } from './passkey-ceremony.ts';
import { nextPath, post, Refusal } from './session.ts';
import { fetchSignInOptions } from './sign-in-options.ts';

const EMAIL: FormField = { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email' };
const NAME: FormField = {
  name: 'name',
  label: 'Name that others see',
  type: 'text',
  autocomplete: 'nickname',
  maxLength: 25,
};
const PASSWORD: FormField = {
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
};
const NEW_PASSWORD: FormField = {
  ...PASSWORD,
  label: 'Password, at least 10 characters',
  autocomplete: 'new-password',
  minLength: 10,
  maxLength: 128,
};

/** Signs in, makes an account, or comes in as a guest; then goes on to where one came from. Offers what the server takes. */
export class SignInPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account' });
  readonly #next = nextPath(location.search);

  constructor() {
    void this.#open();
  }

  async #open(): Promise<void> {
    const options = await fetchSignInOptions();
    if (options === undefined) {
      const text = 'Nobody can sign in now: the server does not answer, or has no accounts.';
      this.root.append(element('p', { className: 'empty', text }));
      return;
    }
    this.root.append(this.#signIn(options));
    if (options.signUp === 'open') {
      this.root.append(this.#signUp());
    }
    if (options.guests) {
      this.root.append(this.#comeIn());
    }
  }

  #signIn(options: SignInOptions): HTMLElement {
    const form = accountForm([EMAIL, PASSWORD], 'Sign in', async ({ email, password }) => {
      await post('/api/auth/sign-in/email', { email, password });
      this.#done();
    });
    const section = sectionOf('Sign in', form);
    if (options.passwordResetByMail) {
      const forgot = element('a', { text: 'Forgot your password?' });
      forgot.href = '/reset-password';
      section.append(element('p', { className: 'aside' }, forgot));
    }
    if (hasPasskeys()) {
      section.append(this.#passkey());
    }
    for (const { id, name } of options.providers) {
      section.append(this.#provider(id, name));
    }
    return section;
  }

  #passkey(): HTMLElement {
    return formOf(
      [],
      'Sign in with a passkey',
      async () => {
        await usePasskey(new SignInClient());
        this.#done();
      },
      { isSecondary: true },
    );
  }

  /** A form of one button: it says what was refused like the others. */
  #provider(id: string, name: string): HTMLElement {
    return accountForm(
      [],
      `Sign in with ${name}`,
      async () => {
        const answer = await post('/api/auth/sign-in/social', { provider: id, callbackURL: this.#next });
        const url = (answer as { readonly url?: unknown } | undefined)?.url;
        // A script's address would run here.
        if (typeof url !== 'string' || !/^https?:\/\//.test(url)) {
          throw new Refusal(`${name} cannot be reached. Try again.`);
        }
        location.assign(url);
      },
      { isSecondary: true },
    );
  }

  #signUp(): HTMLElement {
    const form = accountForm(
      [NAME, EMAIL, NEW_PASSWORD],
      'Make an account',
      async ({ name, email, password }) => {
        await post('/api/auth/sign-up/email', { name, email, password });
        this.#done();
      },
      { isSecondary: true },
    );
    return sectionOf('Make an account', form);
  }

  #comeIn(): HTMLElement {
    const form = accountForm(
      [NAME],
      'Come in as a guest',
      async ({ name }) => {
        await post('/api/auth/sign-in/anonymous', { name });
        this.#done();
      },
      { isSecondary: true },
    );
    return sectionOf('Just chat', form);
  }

  #done(): void {
    location.assign(this.#next);
  }
}

function sectionOf(title: string, form: HTMLElement): HTMLElement {
  return element('section', { className: 'panel' }, element('h2', { text: title }), form);
}
