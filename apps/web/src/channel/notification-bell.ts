import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { NotificationSettings } from '@tallylight/protocol/entities/audience.ts';
import { failureWords, labelled } from '../account/account-form.ts';
import { choiceOf, choose } from '../choice.ts';
import { element, setText } from '../element.ts';

const SWITCHES = [
  ['onLive', 'When a stream goes live'],
  ['onScheduled', 'When a stream is planned'],
  ['byMail', 'By mail too'],
] as const;
const NEVER = '';
const REMINDERS = [
  [NEVER, 'Not at all'],
  ['10', '10 min before'],
  ['60', '1 h before'],
  ['1440', 'A day before'],
] as const;

/** What a follower wants to hear of a channel, behind a button. Each change is saved at once. */
export class NotificationBell {
  /** To be placed by the page, beside the follow button. */
  readonly button = element('button', { className: 'button', text: 'Notifications' });
  /** To be placed by the page, below both. */
  readonly panel = element('section', { className: 'bell', hidden: true });
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #words = element('p', { className: 'hint', text: 'Loading …' });
  readonly #switches = new Map<(typeof SWITCHES)[number][0], HTMLInputElement>();
  readonly #reminder = choiceOf(REMINDERS);
  readonly #fields = element('fieldset', { hidden: true });

  constructor(api: ApiClient, channelId: string, channelName: string) {
    this.#api = api;
    this.#params = { id: channelId };
    this.panel.id = 'bell';
    this.panel.setAttribute('aria-label', `Notifications of ${channelName}`);
    this.button.setAttribute('aria-controls', this.panel.id);
    this.button.setAttribute('aria-expanded', 'false');
    this.button.addEventListener('click', () => {
      this.#open(this.panel.hidden !== false);
    });
    this.#words.setAttribute('role', 'status');
    this.#fields.append(element('legend', { text: 'Tell me' }));
    for (const [name, text] of SWITCHES) {
      const input = element('input');
      input.type = 'checkbox';
      input.setAttribute('role', 'switch');
      input.addEventListener('change', () => {
        void this.#save({ [name]: input.checked });
      });
      this.#switches.set(name, input);
      this.#fields.append(element('label', { className: 'switch' }, input, element('span', { text })));
    }
    this.#reminder.addEventListener('change', () => {
      const { value } = this.#reminder;
      void this.#save({ reminderMinutes: value === NEVER ? null : Number(value) });
    });
    this.#fields.append(labelled('Remind me of every planned stream', this.#reminder));
    this.panel.append(this.#fields, this.#words);
  }

  /** There for followers only. */
  show(isFollowing: boolean): void {
    this.button.hidden = !isFollowing;
    if (!isFollowing) {
      this.#open(false);
    }
  }

  #open(isOpen: boolean): void {
    this.panel.hidden = !isOpen;
    this.button.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) {
      void this.#ask('', () =>
        this.#api.call('GET /api/channels/:id/notifications', { params: this.#params }),
      );
    }
  }

  #save(
    change: Readonly<Record<string, boolean>> | { readonly reminderMinutes: number | null },
  ): Promise<void> {
    return this.#ask('Saved.', () =>
      this.#api.call('PUT /api/channels/:id/notifications', { params: this.#params, body: change }),
    );
  }

  async #ask(done: string, ask: () => Promise<NotificationSettings>): Promise<void> {
    try {
      this.#fill(await ask());
      setText(this.#words, done);
    } catch (error) {
      setText(this.#words, failureWords(error));
    }
  }

  #fill(settings: NotificationSettings): void {
    for (const [name, input] of this.#switches) {
      input.checked = settings[name];
    }
    const { reminderMinutes } = settings;
    choose(
      this.#reminder,
      reminderMinutes === undefined ? NEVER : String(reminderMinutes),
      `${String(reminderMinutes)} min before`,
    );
    this.#fields.hidden = false;
  }
}
