import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Me } from '@tallylight/protocol/entities/account.ts';
import { StreamError } from '@tallylight/protocol/errors.ts';
import { element } from '../element.ts';
import '../fields.css';
import './account.css';
import './account-page.css';
import { failureWords } from './account-form.ts';
import { deleteSection } from './delete-section.ts';
import { passkeySection } from './passkey-section.ts';
import { passwordSection } from './password-section.ts';
import { sessionSection } from './session-section.ts';
import { tokenSection } from './token-section.ts';

/** One's own account: how one signs in, where, what acts in one's name, and the way out. */
export class AccountPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account account-page' });
  readonly #api = new ApiClient();

  constructor() {
    this.root.append(element('p', { className: 'empty', text: 'Loading …' }));
    void this.#open();
  }

  async #open(): Promise<void> {
    let me: Me;
    try {
      me = await this.#api.call('GET /api/me');
    } catch (error) {
      if (error instanceof StreamError && error.code === 'UNAUTHENTICATED') {
        toSignIn();
        return;
      }
      this.root.replaceChildren(element('p', { className: 'empty', text: failureWords(error) }));
      return;
    }
    if (me.isGuest) {
      toSignIn();
      return;
    }
    this.#show(me);
  }

  #show(me: Me): void {
    const api = this.#api;
    let sessions = sessionSection(api);
    const password = passwordSection(() => {
      const now = sessionSection(api);
      sessions.replaceWith(now);
      sessions = now;
    });
    const about = element(
      'section',
      { className: 'panel' },
      element('h1', { text: 'My account' }),
      element('p', {}, element('bdi', { text: me.displayName ?? '' })),
      element('p', { className: 'hint', text: me.email ?? '' }),
    );
    const rest = [passkeySection(api), tokenSection(api), deleteSection(api, me.email)];
    this.root.replaceChildren(about, password, sessions, ...rest);
  }
}

function toSignIn(): void {
  location.assign('/sign-in?next=/account');
}
