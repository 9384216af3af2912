import { element } from '../element.ts';
import './account.css';
import { accountForm, type FormField } from './account-form.ts';
import { nextPath, post } from './session.ts';

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
};

/** Signs in, makes an account, or comes in as a guest; then goes on to where one came from. */
export class SignInPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account' });

  constructor() {
    const next = nextPath(location.search);
    const done = (): void => {
      location.assign(next);
    };
    const section = (title: string, form: HTMLElement): HTMLElement =>
      element('section', { className: 'panel' }, element('h2', { text: title }), form);
    this.root.append(
      section(
        'Sign in',
        accountForm([EMAIL, PASSWORD], 'Sign in', async ({ email, password }) => {
          await post('/api/auth/sign-in/email', { email, password });
          done();
        }),
      ),
      section(
        'Make an account',
        accountForm([NAME, EMAIL, NEW_PASSWORD], 'Make an account', async ({ name, email, password }) => {
          await post('/api/auth/sign-up/email', { name, email, password });
          done();
        }),
      ),
      section(
        'Just chat',
        accountForm([NAME], 'Come in as a guest', async ({ name }) => {
          await post('/api/auth/sign-in/anonymous', { name });
          done();
        }),
      ),
    );
  }
}
