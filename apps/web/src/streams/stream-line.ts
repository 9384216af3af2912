import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { ProvenAction } from '../account/proven-action.ts';
import { element, setText } from '../element.ts';
import { rememberKey } from '../studio/studio-memory.ts';
import { StreamForm } from './stream-form.ts';
import { StreamKey } from './stream-key.ts';
import { ThumbnailPicker } from './thumbnail-picker.ts';

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
  readonly #when = element('span', { className: 'hint' });
  /** Below the line: the key, a question, the settings, or the password once more. */
  readonly #action: ProvenAction;
  readonly #streamKey: StreamKey;
  readonly #key: HTMLButtonElement;
  readonly #studio: HTMLButtonElement;
  readonly #start: HTMLButtonElement;
  readonly #end: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #edit: HTMLButtonElement;
  #stream: Stream | undefined;

  /** @param again is called when something was changed. */
  constructor(api: ApiClient, id: string, again: () => Promise<void>) {
    this.#api = api;
    this.#params = { id };
    this.#again = again;
    this.#action = new ProvenAction(api);
    this.#streamKey = new StreamKey(api, id, this.#action);
    this.#watch.href = `/watch/${id}`;
    this.#key = this.#button('Show key', () => this.#streamKey.show());
    this.#studio = this.#button('Open in studio', () => this.#toStudio());
    this.#start = this.#button('Start', () => this.#change('start'));
    this.#end = this.#button('End', async () => {
      this.#askEnd();
    });
    this.#cancel = this.#button('Call off', () => this.#change('cancel'));
    this.#edit = this.#button('Settings', async () => {
      this.#toggleSettings();
    });
    this.#edit.setAttribute('aria-expanded', 'false');
    const remove = this.#button('Delete', async () => {
      this.#askDelete();
    });
    const about = element('div', { className: 'stream-about' }, this.#status, this.#watch, this.#when);
    this.root.append(
      ...[about, this.#key, this.#studio, this.#start, this.#end, this.#edit, this.#cancel, remove],
      ...[this.#action.notice, this.#action.place],
    );
  }

  /** Shows the stream as it is now; what is open below stays. */
  show(stream: Stream): void {
    const { status } = stream;
    const isOver = ['ended', 'cancelled', 'failed'].includes(status);
    const isLive = status === 'live' || status === 'ending';
    const wasOver = this.#key.hidden;
    this.#stream = stream;
    setText(this.#status, STATUS_WORDS.get(status) ?? status);
    this.#status.classList.toggle('live', status === 'live');
    setText(this.#watch, stream.title);
    setText(this.#when, whenWords(stream));
    this.#key.hidden = isOver;
    this.#studio.hidden = isOver || isLive;
    // Others go live with their publisher.
    this.#start.hidden = isOver || isLive || stream.autoStart;
    this.#end.hidden = !isLive;
    this.#cancel.hidden = status !== 'scheduled';
    if (isOver && !wasOver) {
      this.#close();
    }
  }

  /** What is open belongs to another button now. */
  #button(text: string, act: () => Promise<void>): HTMLButtonElement {
    return this.#action.button(text, async () => {
      if (text !== 'Settings') {
        this.#edit.setAttribute('aria-expanded', 'false');
      }
      await act();
    });
  }

  #close(): void {
    this.#streamKey.forget();
    this.#edit.setAttribute('aria-expanded', 'false');
    this.#action.place.replaceChildren();
  }

  async #change(how: 'start' | 'end' | 'cancel'): Promise<void> {
    await this.#api.call(`POST /api/streams/:id/${how}`, { params: this.#params });
    this.#close();
    await this.#again();
  }

  /** By way of this tab's own storage: an address would be kept by the history. */
  async #toStudio(): Promise<void> {
    rememberKey(await this.#streamKey.reveal());
    location.assign(`/studio?stream=${encodeURIComponent(this.#params.id)}`);
  }

  #toggleSettings(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#edit.getAttribute('aria-expanded') === 'true') {
      this.#close();
      return;
    }
    this.#streamKey.forget();
    const saved = element('p', { className: 'hint' });
    saved.setAttribute('role', 'status');
    const { root: form } = new StreamForm(
      'Save',
      async ({ scheduledAt, autoStart, ...values }) => {
        setText(saved, '');
        // What has begun is past both.
        const isBefore = ['scheduled', 'preparing'].includes(this.#stream?.status ?? '');
        const plan = { scheduledAt, ...(autoStart === undefined ? {} : { autoStart }) };
        await this.#api.call('PATCH /api/streams/:id', {
          params: this.#params,
          body: { ...values, ...(isBefore ? plan : {}) },
        });
        setText(saved, 'Saved.');
        await this.#again();
      },
      stream,
    );
    form.append(saved);
    const picture = new ThumbnailPicker(this.#api, stream.id, stream.thumbnailUrl);
    this.#action.place.replaceChildren(form, picture.root);
    this.#edit.setAttribute('aria-expanded', 'true');
    form.querySelector('input')?.focus();
  }

  #askEnd(): void {
    this.#streamKey.forget();
    const viewers = this.#stream?.currentViewers ?? 0;
    const count = viewers === 1 ? '1 viewer' : `${String(viewers)} viewers`;
    const end = this.#action.button('End stream', () => this.#change('end'));
    this.#action.ask(`End the stream for ${count}? This cannot be undone.`, end, 'Keep streaming');
  }

  #askDelete(): void {
    this.#streamKey.forget();
    const remove = this.#action.button('Delete stream', async () => {
      await this.#api.call('DELETE /api/streams/:id', { params: this.#params });
      await this.#again();
    });
    const what = `Delete “${this.#stream?.title ?? ''}” with its chat? This cannot be undone.`;
    this.#action.ask(what, remove, 'Keep the stream');
  }
}

function whenWords({ status, scheduledAt, visibility }: Stream): string {
  const words = visibility === 'public' ? [] : [visibility === 'private' ? 'Private' : 'Unlisted'];
  if (status === 'scheduled' && scheduledAt !== undefined) {
    const options = {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: 'numeric',
      minute: '2-digit',
    } as const;
    words.push(new Date(scheduledAt).toLocaleString(undefined, options));
  }
  return words.join(' · ');
}
