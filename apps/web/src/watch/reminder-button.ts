import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { failureWords } from '../account/account-form.ts';
import { element, setText } from '../element.ts';
import { RememberedFlag } from '../remembered-flag.ts';

const MINUTES_BEFORE = 10;

/**
 * "Remind me" of one stream; for who did not sign in by way of the sign-in page and back. Whether one is set is remembered by this
 * browser: the API does not tell. Set twice is set once, so that another browser does no harm.
 */
export class ReminderButton {
  /** To be placed by the page. */
  readonly button: HTMLElement;
  /** What came of it. To be placed by the page. */
  readonly words = element('p', { className: 'coming-words' });
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #isSet: RememberedFlag;

  constructor(api: ApiClient, streamId: string, userId: string | undefined) {
    this.#api = api;
    this.#params = { id: streamId };
    this.#isSet = new RememberedFlag(`tallylight.reminder.${streamId}.${userId ?? ''}`, false);
    this.words.setAttribute('role', 'status');
    this.button = userId === undefined ? signInLink() : this.#toggle();
    this.#show();
  }

  #toggle(): HTMLButtonElement {
    const button = element('button', { className: 'button primary' });
    button.addEventListener('click', () => {
      button.disabled = true;
      this.#change(!this.#isSet.value)
        .then(() => {
          this.#show();
        })
        .catch((error: unknown) => {
          setText(this.words, failureWords(error));
        })
        .finally(() => {
          button.disabled = false;
          button.focus();
        });
    });
    return button;
  }

  async #change(isSet: boolean): Promise<void> {
    const params = this.#params;
    await (isSet
      ? this.#api.call('PUT /api/streams/:id/reminder', {
          params,
          body: { minutesBefore: MINUTES_BEFORE },
        })
      : this.#api.call('DELETE /api/streams/:id/reminder', { params }));
    this.#isSet.value = isSet;
  }

  #show(): void {
    if (this.button instanceof HTMLButtonElement) {
      setText(this.button, this.#isSet.value ? 'Do not remind me' : 'Remind me');
      const words = `You are reminded ${String(MINUTES_BEFORE)} min before.`;
      setText(this.words, this.#isSet.value ? words : '');
    }
  }
}

function signInLink(): HTMLAnchorElement {
  const link = element('a', { className: 'button primary', text: 'Remind me' });
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  link.setAttribute('aria-label', 'Sign in to be reminded');
  return link;
}
