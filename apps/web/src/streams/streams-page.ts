import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { accountForm } from '../account/account-form.ts';
import { fetchMe, type Me, post } from '../account/session.ts';
import { element, setText } from '../element.ts';
import '../account/account.css';
import './streams.css';

/** One's own streams: make one, see its key, start and end it. */
export class StreamsPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account streams-page' });
  readonly #api = new ApiClient();
  readonly #list = element('ul', { className: 'own-streams' });
  readonly #notice = element('p', { className: 'warning', hidden: true });

  constructor() {
    this.#notice.setAttribute('role', 'alert');
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
    );
    this.root.append(
      element('section', { className: 'panel' }, element('h2', { text: 'A new stream' }), form),
      element(
        'section',
        { className: 'panel wide' },
        element('h2', { text: 'My streams' }),
        this.#notice,
        this.#list,
      ),
    );
    await this.#show(me);
  }

  /** In the first of one's own channels, which is founded with the first stream. */
  async #make(me: Me, title: string): Promise<void> {
    const { channels } = await this.#api.call('GET /api/channels', { query: { mine: 'true' } });
    const channel =
      channels[0] ??
      (await this.#api.call('POST /api/channels', { body: { name: `${me.displayName}’s channel` } }));
    await post('/api/streams', { channelId: channel.id, title, autoStart: true, enableQa: true });
  }

  async #show(me: Me): Promise<void> {
    const streams = await this.#api.call('GET /api/streams', { query: { userId: me.id } });
    this.#list.replaceChildren(
      ...streams.map((stream) => this.#line(stream, () => this.#show(me))),
      ...(streams.length === 0 ? [element('li', { text: 'None yet.' })] : []),
    );
  }

  #line(stream: Stream, again: () => Promise<void>): HTMLLIElement {
    const params = { id: stream.id };
    const watch = element('a', { text: stream.title });
    watch.href = `/watch/${stream.id}`;
    const secret = element('code', { className: 'secret', hidden: true });
    const button = (text: string, act: () => Promise<unknown>): HTMLButtonElement => {
      const made = element('button', { className: 'button', text });
      made.addEventListener('click', () => {
        this.#notice.hidden = true;
        act().catch((error: unknown) => {
          setText(this.#notice, error instanceof Error ? error.message : `${text} failed.`);
          this.#notice.hidden = false;
        });
      });
      return made;
    };
    const over = ['ended', 'cancelled', 'failed'].includes(stream.status);
    const tools = over
      ? []
      : [
          button('Show key', async () => {
            const { streamKey, ingestUrl } = await this.#api.call('GET /api/streams/:id/key', { params });
            secret.textContent = `${ingestUrl}  ${streamKey}`;
            secret.hidden = false;
          }),
          stream.status === 'live'
            ? button('End', async () => {
                await this.#api.call('POST /api/streams/:id/end', { params });
                await again();
              })
            : button('Go live', async () => {
                await this.#api.call('POST /api/streams/:id/start', { params });
                await again();
              }),
        ];
    return element(
      'li',
      {},
      element('span', { className: `status-word ${stream.status}`, text: stream.status }),
      watch,
      ...tools,
      secret,
    );
  }
}
