import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { accountForm } from '../account/account-form.ts';
import { fetchMe, type Me } from '../account/session.ts';
import { arrange, element } from '../element.ts';
import '../account/account.css';
import './streams.css';
import { StreamLine } from './stream-line.ts';

/** How often the page asks how its streams are. */
const REFRESH_MS = 3_000;

/** One's own streams: make one, see its key, start and end it. */
export class StreamsPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account streams-page' });
  readonly #api = new ApiClient();
  readonly #list = element('ul', { className: 'own-streams' });
  readonly #empty = element('p', { text: 'None yet. Make one, then publish with its key.', hidden: true });
  readonly #lines = new Map<string, StreamLine>();

  constructor() {
    void this.#open();
  }

  async #open(): Promise<void> {
    const me = await fetchMe();
    if (me === undefined || me.isGuest) {
      location.assign('/sign-in?next=/streams');
      return;
    }
    const form = accountForm(
      [{ name: 'title', label: 'Title', type: 'text', autocomplete: 'off', maxLength: 200 }],
      'Make a stream',
      async ({ title = '' }) => {
        await this.#make(me, title);
        await this.#show(me);
      },
      { clears: true },
    );
    this.root.append(
      element('section', { className: 'panel' }, element('h2', { text: 'A new stream' }), form),
      element(
        'section',
        { className: 'panel' },
        element('h2', { text: 'My streams' }),
        this.#empty,
        this.#list,
      ),
    );
    await this.#show(me).catch(() => undefined);
    setInterval(() => {
      if (document.visibilityState === 'visible') {
        // The next time may find the server again.
        this.#show(me).catch(() => undefined);
      }
    }, REFRESH_MS);
  }

  /** In the first of one's own channels, which is founded with the first stream. */
  async #make(me: Me, title: string): Promise<void> {
    const { channels } = await this.#api.call('GET /api/channels', { query: { mine: 'true' } });
    const channel =
      channels[0] ??
      (await this.#api.call('POST /api/channels', { body: { name: `${me.displayName}’s channel` } }));
    const body = { channelId: channel.id, title, autoStart: true, enableQa: true };
    await this.#api.call('POST /api/streams', { body });
  }

  async #show(me: Me): Promise<void> {
    const streams = await this.#api.call('GET /api/streams', { query: { userId: me.id } });
    arrange(
      this.#list,
      streams.map((stream) => this.#line(stream, me).root),
    );
    this.#empty.hidden = streams.length > 0;
  }

  #line(stream: Stream, me: Me): StreamLine {
    const line = this.#lines.get(stream.id) ?? new StreamLine(this.#api, stream.id, () => this.#show(me));
    this.#lines.set(stream.id, line);
    line.show(stream);
    return line;
  }
}
