import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { element, setText } from '../element.ts';
import '../slate.css';
import { comingWords, type StreamPage } from '../stream-page.ts';
import { aboutWords } from './about-words.ts';
import { ReminderButton } from './reminder-button.ts';

/** The page of a stream before it begins: when that is, to the second, and how not to miss it. */
export class ComingView {
  /** To be placed by the page. */
  readonly root = element('article');
  readonly #title = element('h1');
  readonly #words = element('p');
  readonly #picture = element('img', { className: 'coming-picture', hidden: true });
  readonly #actions = element('div', { className: 'coming-actions', hidden: true });
  readonly #timer: ReturnType<typeof setInterval>;
  #page: StreamPage;

  constructor(api: ApiClient, streamId: string, userId: string | undefined, page: StreamPage) {
    this.#page = page;
    const calendar = element('a', { className: 'button', text: 'Add to calendar' });
    calendar.href = `/api/streams/${encodeURIComponent(streamId)}/event.ics`;
    calendar.download = 'stream.ics';
    const reminder = new ReminderButton(api, streamId, userId);
    this.#actions.append(reminder.button, calendar, reminder.words);
    this.#picture.alt = '';
    this.#picture.addEventListener('load', () => {
      this.#picture.hidden = false;
    });
    const stage = element(
      'div',
      { className: 'stage coming' },
      this.#picture,
      this.#title,
      this.#words,
      this.#actions,
    );
    this.root.append(stage, aboutWords(page));
    this.#timer = setInterval(() => {
      this.#show();
    }, 1000);
    this.#show();
  }

  /** What the server says by now: it may have been put off. */
  update(page: StreamPage): void {
    this.#page = page;
    this.#show();
  }

  /** Counts no more. */
  close(): void {
    clearInterval(this.#timer);
    this.root.remove();
  }

  #show(): void {
    const { title, startsAtMs, thumbnailUrl } = this.#page;
    if (thumbnailUrl !== undefined && this.#picture.getAttribute('src') !== thumbnailUrl) {
      this.#picture.src = thumbnailUrl;
    }
    setText(this.#title, title);
    setText(this.#words, comingWords(startsAtMs, Date.now()));
    this.#actions.hidden = startsAtMs === undefined;
  }
}
