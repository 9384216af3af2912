import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { StreamError } from '@tallylight/protocol/errors.ts';
import { accountForm } from '../account/account-form.ts';
import { element, setText } from '../element.ts';
import { rememberKey } from '../studio/studio-memory.ts';

/** A key that is shown is hidden again after so long, in milliseconds. */
const SHOWN_MS = 30_000;

const STATUS_WORDS: ReadonlyMap<Stream['status'], string> = new Map([
  ['scheduled', 'Scheduled'],
  ['preparing', 'Not live'],
  ['live', 'Live'],
  ['ending', 'Ending'],
  ['ended', 'Ended'],
  ['cancelled', 'Called off'],
  ['failed', 'Failed'],
]);

/** One of one's own streams: how it is, and what can be done. */
export class StreamLine {
  /** To be placed by the page. */
  readonly root = element('li');
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #again: () => Promise<void>;
  readonly #status = element('span', { className: 'status-word' });
  readonly #watch = element('a');
  readonly #notice = element('p', { className: 'warning', hidden: true });
  /** Below the line: the key, a question, or the password once more. */
  readonly #more = element('div', { className: 'more' });
  readonly #key: HTMLButtonElement;
  readonly #studio: HTMLButtonElement;
  readonly #start: HTMLButtonElement;
  readonly #end: HTMLButtonElement;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  #viewers = 0;

  /** @param again is called when something was changed. */
  constructor(api: ApiClient, id: string, again: () => Promise<void>) {
    this.#api = api;
    this.#params = { id };
    this.#again = again;
    this.#watch.href = `/watch/${id}`;
    this.#notice.setAttribute('role', 'alert');
    this.#key = this.#button('Show key', () => this.#showKey());
    this.#studio = this.#button('Open in studio', () => this.#toStudio());
    this.#start = this.#button('Start', () => this.#change('start'));
    this.#end = this.#button('End', async () => {
      this.#askEnd();
    });
    this.root.append(
      ...[this.#status, this.#watch, this.#key, this.#studio, this.#start, this.#end],
      ...[this.#notice, this.#more],
    );
  }

  /** Shows the stream as it is now; what is open below stays. */
  show(stream: Stream): void {
    const { status } = stream;
    const isOver = ['ended', 'cancelled', 'failed'].includes(status);
    const isLive = status === 'live' || status === 'ending';
    setText(this.#status, STATUS_WORDS.get(status) ?? status);
    this.#status.classList.toggle('live', status === 'live');
    setText(this.#watch, stream.title);
    this.#viewers = stream.currentViewers;
    this.#key.hidden = isOver;
    this.#studio.hidden = isOver || isLive;
    // Others go live with their publisher.
    this.#start.hidden = isOver || isLive || stream.autoStart;
    this.#end.hidden = !isLive;
    if (isOver) {
      this.#more.replaceChildren();
    }
  }

  #button(text: string, act: () => Promise<void>): HTMLButtonElement {
    const made = element('button', { className: 'button', text });
    made.addEventListener('click', () => {
      void this.#attempt(act);
    });
    return made;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    this.#notice.hidden = true;
    try {
      await act();
    } catch (error) {
      if (error instanceof StreamError && error.code === 'STEP_UP_REQUIRED') {
        this.#askPassword(act);
        return;
      }
      setText(
        this.#notice,
        error instanceof StreamError ? error.message : 'Something went wrong. Try again.',
      );
      this.#notice.hidden = false;
    }
  }

  async #change(how: 'start' | 'end'): Promise<void> {
    const params = this.#params;
    await (how === 'start'
      ? this.#api.call('POST /api/streams/:id/start', { params })
      : this.#api.call('POST /api/streams/:id/end', { params }));
    this.#more.replaceChildren();
    await this.#again();
  }

  async #showKey(): Promise<void> {
    const params = this.#params;
    const { streamKey, ingestUrl } = await this.#api.call('GET /api/streams/:id/key', { params });
    this.#more.replaceChildren(
      secretLine('Server', ingestUrl),
      secretLine('Stream key', streamKey),
      element('p', {
        className: 'hint',
        text: 'Whoever has the key can publish. It is hidden again in 30 s.',
      }),
    );
    clearTimeout(this.#hiding);
    this.#hiding = setTimeout(() => {
      this.#more.replaceChildren();
    }, SHOWN_MS);
  }

  /** By way of this tab's own storage: an address would be kept by the history. */
  async #toStudio(): Promise<void> {
    const { streamKey } = await this.#api.call('GET /api/streams/:id/key', { params: this.#params });
    rememberKey(streamKey);
    location.assign('/studio');
  }

  #askPassword(then: () => Promise<void>): void {
    clearTimeout(this.#hiding);
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
        this.#more.replaceChildren();
        await this.#attempt(then);
      },
    );
    this.#more.replaceChildren(form);
    form.querySelector('input')?.focus();
  }

  #askEnd(): void {
    clearTimeout(this.#hiding);
    const count = this.#viewers === 1 ? '1 viewer' : `${String(this.#viewers)} viewers`;
    const keep = this.#button('Keep streaming', async () => {
      this.#more.replaceChildren();
      this.#end.focus();
    });
    this.#more.replaceChildren(
      element('p', { text: `End the stream for ${count}? This cannot be undone.` }),
      this.#button('End stream', () => this.#change('end')),
      keep,
    );
    keep.focus();
  }
}

function secretLine(name: string, value: string): HTMLElement {
  const line = element(
    'p',
    { className: 'secret' },
    element('span', { text: name }),
    element('code', { text: value }),
  );
  // Browsers give pages the clipboard only over HTTPS and on this very computer.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (clipboard !== undefined) {
    const copy = element('button', { className: 'button', text: 'Copy' });
    copy.setAttribute('aria-label', `Copy ${name.toLowerCase()}`);
    copy.addEventListener('click', () => {
      clipboard.writeText(value).then(
        () => {
          copy.textContent = 'Copied';
        },
        () => {
          copy.textContent = 'Select it';
        },
      );
    });
    line.append(copy);
  }
  return line;
}
