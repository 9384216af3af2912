import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { LiveNotification } from '@tallylight/protocol/entities/audience.ts';
import { arrange, element } from '../element.ts';
import './notice-bar.css';
import { noticeWords } from './notice-words.ts';

/** How often a page that is seen asks what there is to tell. */
const ASK_MS = 30_000;
/** More than so many at once would hide the page. */
const MAX_SHOWN = 3;

/** What the person is told and has not read, at the foot of the page: reminders, streams that went live or were planned. */
export class NoticeBar {
  /** To be placed by the page. */
  readonly root = element('ul', { className: 'notices' });
  readonly #api = new ApiClient();
  readonly #lines = new Map<string, HTMLLIElement>();

  constructor() {
    this.root.setAttribute('role', 'status');
    this.root.setAttribute('aria-label', 'News');
    void this.#ask();
    setInterval(() => {
      if (document.visibilityState === 'visible') {
        void this.#ask();
      }
    }, ASK_MS);
  }

  /** What cannot be asked now is asked the next time. */
  async #ask(): Promise<void> {
    const query = { unread: 'true', limit: MAX_SHOWN } as const;
    const found = await this.#api.call('GET /api/notifications', { query }).catch(() => undefined);
    if (found === undefined) {
      return;
    }
    // Who is at the stream need not be told of it.
    const here = found.notifications.filter(({ streamId }) => location.pathname === `/watch/${streamId}`);
    if (here.length > 0) {
      await this.#read(here.map(({ id }) => id));
    }
    const news = found.notifications.filter((each) => !here.includes(each));
    arrange(
      this.root,
      news.map((each) => this.#line(each)),
    );
  }

  #line(notification: LiveNotification): HTMLLIElement {
    const { id, streamId } = notification;
    const known = this.#lines.get(id);
    if (known !== undefined) {
      return known;
    }
    const link = element('a', {}, element('bdi', { text: noticeWords(notification) }));
    link.href = `/watch/${streamId}`;
    const dismiss = element('button', { className: 'button', text: 'Dismiss' });
    dismiss.addEventListener('click', () => {
      line.remove();
      void this.#read([id]).then(() => this.#ask());
    });
    const line = element('li', {}, link, dismiss);
    this.#lines.set(id, line);
    return line;
  }

  async #read(ids: readonly string[]): Promise<void> {
    await this.#api.call('POST /api/notifications/read', { body: { ids: [...ids] } }).catch(() => undefined);
  }
}
