import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { SignInClient } from '@tallylight/client/api/sign-in-client.ts';
import { StreamError } from '@tallylight/protocol/errors.ts';
import { element, setText } from '../element.ts';
import { accountForm, failureWords, formOf } from './account-form.ts';
import { hasPasskeys, usePasskey } from './passkey-ceremony.ts';

/** Runs what a click asks for: says below it what was refused, and where a fresh proof is needed asks for it and goes on. */
export class ProvenAction {
  /** What was refused. To be placed by the page. */
  readonly notice = element('p', { className: 'warning', hidden: true });
  /** Where the proof is asked for; the page may put its own questions here. */
  readonly place = element('div', { className: 'more' });
  readonly #api: ApiClient;
  readonly #signIn = new SignInClient();

  constructor(api: ApiClient) {
    this.#api = api;
    this.notice.setAttribute('role', 'alert');
  }

  /** A button that runs it. */
  button(text: string, act: () => Promise<void>): HTMLButtonElement {
    const made = element('button', { className: 'button', text });
    made.type = 'button';
    made.addEventListener('click', () => {
      void this.run(act);
    });
    return made;
  }

  /** Never rejects: what fails is shown. */
  async run(act: () => Promise<void>): Promise<void> {
    this.notice.hidden = true;
    try {
      await act();
    } catch (error) {
      if (error instanceof StreamError && error.code === 'STEP_UP_REQUIRED') {
        this.#askForProof(act);
      } else {
        this.say(failureWords(error));
      }
    }
  }

  /** Shows words where refusals are shown. */
  say(words: string): void {
    setText(this.notice, words);
    this.notice.hidden = false;
  }

  /** A question in words, the answer that does it, and one that changes nothing, which has the focus. */
  ask(question: string, answer: HTMLElement, keepText = 'Keep it'): void {
    const keep = element('button', { className: 'button', text: keepText });
    keep.type = 'button';
    keep.addEventListener('click', () => {
      this.place.replaceChildren();
    });
    this.place.replaceChildren(element('p', { text: question }), answer, keep);
    keep.focus();
  }

  #askForProof(then: () => Promise<void>): void {
    const goOn = async (): Promise<void> => {
      this.place.replaceChildren();
      await this.run(then);
    };
    const form = accountForm(
      [
        {
          name: 'password',
          label: 'Your password once more',
          type: 'password',
          autocomplete: 'current-password',
        },
      ],
      'Continue',
      async ({ password = '' }) => {
        await this.#api.call('POST /api/auth-step-up', { body: { password } });
        await goOn();
      },
    );
    this.place.replaceChildren(form);
    form.querySelector('input')?.focus();
    void this.#offerPasskey(form, goOn);
  }

  /** Only to who has one: the browser's dialog is a dead end for others. */
  async #offerPasskey(beside: Element, goOn: () => Promise<void>): Promise<void> {
    const known = hasPasskeys() ? await this.#signIn.passkeys().catch(() => []) : [];
    if (known.length === 0 || !beside.isConnected) {
      return;
    }
    const form = formOf(
      [],
      'Use a passkey',
      async () => {
        await usePasskey(this.#signIn);
        await goOn();
      },
      { isSecondary: true },
    );
    this.place.append(form);
  }
}
