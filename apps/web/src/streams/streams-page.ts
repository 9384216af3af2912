import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Channel } from '@tallylight/protocol/entities/channel.ts';
import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { failureWords, labelled } from '../account/account-form.ts';
import { fetchMe, type Me } from '../account/session.ts';
import { addChoice } from '../choice.ts';
import { arrange, element, setText } from '../element.ts';
import '../account/account.css';
import '../fields.css';
import '../account/account-page.css';
import './streams.css';
import { StreamForm, type StreamFormValues } from './stream-form.ts';
import { StreamLine } from './stream-line.ts';

/** How often the page asks how its streams are. */
const REFRESH_MS = 3_000;

/** One's own streams: make one, change it, see its key, start and end it. */
export class StreamsPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'account streams-page' });
  readonly #api = new ApiClient();
  readonly #list = element('ul', { className: 'own-streams' });
  readonly #words = element('p', { className: 'hint', text: 'Loading …' });
  readonly #channel = element('select');
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
    const { root: form } = new StreamForm('Make a stream', async (values) => {
      await this.#make(me, values);
      await this.#show(me);
    });
    const account = element('a', { text: 'My account' });
    account.href = '/account';
    this.#words.setAttribute('role', 'status');
    this.root.append(
      element('section', { className: 'panel' }, element('h2', { text: 'A new stream' }), form),
      element(
        'section',
        { className: 'panel' },
        element('h2', { text: 'My streams' }),
        this.#words,
        this.#list,
      ),
      element('p', { className: 'aside' }, account),
    );
    void this.#offerChannels(form);
    await this.#show(me);
    setInterval(() => {
      if (document.visibilityState === 'visible') {
        void this.#show(me);
      }
    }, REFRESH_MS);
  }

  /** Who has several channels says in which. */
  async #offerChannels(form: HTMLFormElement): Promise<void> {
    const channels = await this.#channels().catch(() => []);
    for (const { id, name } of channels) {
      addChoice(this.#channel, id, name);
    }
    if (channels.length > 1) {
      form.querySelector('label')?.after(labelled('Channel', this.#channel));
    }
  }

  /** Those that one may broadcast in. */
  async #channels(): Promise<readonly Channel[]> {
    const { channels } = await this.#api.call('GET /api/channels', { query: { mine: 'true' } });
    return channels.filter(({ role }) => role !== 'moderator' && role !== 'viewer');
  }

  /** In the channel that was chosen, or the first of one's own, which is founded with the first stream. */
  async #make(me: Me, { description, scheduledAt, ...values }: StreamFormValues): Promise<void> {
    const chosen = this.#channel.value === '' ? (await this.#channels())[0]?.id : this.#channel.value;
    const name = `${me.displayName}’s channel`;
    const channelId = chosen ?? (await this.#api.call('POST /api/channels', { body: { name } })).id;
    await this.#api.call('POST /api/streams', {
      body: {
        ...values,
        channelId,
        ...(description === null ? {} : { description }),
        ...(scheduledAt === null ? {} : { scheduledAt }),
      },
      idempotencyKey: crypto.randomUUID(),
    });
  }

  /** Never rejects: the next time may find the server again. */
  async #show(me: Me): Promise<void> {
    let streams: readonly Stream[];
    try {
      streams = await this.#api.call('GET /api/streams', { query: { userId: me.id } });
    } catch (error) {
      setText(this.#words, `${failureWords(error)} Trying again.`);
      this.#words.hidden = false;
      return;
    }
    arrange(
      this.#list,
      streams.map((stream) => this.#line(stream, me).root),
    );
    setText(this.#words, streams.length === 0 ? 'None yet. Make one, then publish with its key.' : '');
    this.#words.hidden = streams.length > 0;
  }

  #line(stream: Stream, me: Me): StreamLine {
    const line = this.#lines.get(stream.id) ?? new StreamLine(this.#api, stream.id, () => this.#show(me));
    this.#lines.set(stream.id, line);
    line.show(stream);
    return line;
  }
}
