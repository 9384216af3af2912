import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import type { StreamQuestion } from '@tallylight/protocol/entities/talk.ts';
import { element, setText } from '../element.ts';
import { refusalWords } from './refusal-words.ts';

/** Questions of the audience: ask, vote, and for moderators answer or dismiss. */
export class QuestionPanel {
  /** To be placed by the page. */
  readonly root = element('section', { className: 'questions' });
  readonly #list = element('ul');
  readonly #empty = element('p', { className: 'chat-empty', text: 'No questions yet.', hidden: true });
  readonly #notice = element('p', { className: 'chat-notice', hidden: true });
  readonly #api: ApiClient;
  readonly #client: RealtimeClient;
  readonly #streamId: string;
  readonly #self: { readonly isSignedIn: boolean; readonly isModerator: boolean };
  readonly #questions = new Map<string, StreamQuestion>();
  readonly #composer: HTMLElement | undefined;
  readonly #stops: readonly (() => void)[];

  constructor(
    api: ApiClient,
    client: RealtimeClient,
    streamId: string,
    self: { readonly isSignedIn: boolean; readonly isModerator: boolean },
  ) {
    this.#api = api;
    this.#client = client;
    this.#streamId = streamId;
    this.#self = self;
    this.#notice.setAttribute('role', 'status');
    this.root.setAttribute('aria-label', 'Questions');
    this.root.append(element('h2', { text: 'Questions' }), this.#empty, this.#list, this.#notice);
    this.#composer = self.isSignedIn ? this.#composerOf() : undefined;
    if (this.#composer !== undefined) {
      this.root.append(this.#composer);
    }
    const take = (question: StreamQuestion): void => {
      if (question.streamId !== streamId) {
        return;
      }
      // Broadcasts do not know whether we voted.
      const hasUpvoted = question.hasUpvoted ?? this.#questions.get(question.id)?.hasUpvoted ?? false;
      this.#questions.set(question.id, { ...question, hasUpvoted });
      this.#show();
    };
    this.#stops = [client.on('stream:question-asked', take), client.on('stream:question-updated', take)];
    void this.#load();
  }

  /** The stream is over: nothing more can be asked. */
  end(): void {
    this.#composer?.remove();
  }

  /** Listens no more. */
  close(): void {
    for (const stop of this.#stops) {
      stop();
    }
    this.root.remove();
  }

  async #load(): Promise<void> {
    const found = await this.#api
      .call('GET /api/streams/:id/questions', { params: { id: this.#streamId } })
      .catch(() => undefined);
    for (const question of found?.questions ?? []) {
      this.#questions.set(question.id, question);
    }
    this.#show();
  }

  #composerOf(): HTMLElement {
    const input = element('input');
    input.maxLength = 500;
    input.placeholder = 'Ask something';
    input.setAttribute('aria-label', 'Question');
    const form = element(
      'form',
      { className: 'chat-line' },
      input,
      element('button', { className: 'button', text: 'Ask' }),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const content = input.value.trim();
      if (content !== '') {
        input.value = '';
        const clientId = crypto.randomUUID();
        this.#attempt(this.#client.request('question:ask', { streamId: this.#streamId, content, clientId }));
      }
    });
    return form;
  }

  #show(): void {
    const shown = [...this.#questions.values()]
      .filter(({ status }) => status !== 'dismissed')
      .sort(
        (a, b) => Number(a.status === 'answered') - Number(b.status === 'answered') || b.upvotes - a.upvotes,
      );
    this.#empty.hidden = shown.length > 0;
    setText(this.#empty, this.#self.isSignedIn ? 'No questions yet. Ask the first.' : 'No questions yet.');
    this.#list.replaceChildren(...shown.map((question) => this.#line(question)));
  }

  #line(question: StreamQuestion): HTMLLIElement {
    const { id, content, upvotes, status, hasUpvoted = false } = question;
    const streamId = this.#streamId;
    const vote = element('button', { className: 'button', text: `▲ ${String(upvotes)}` });
    vote.setAttribute('aria-pressed', String(hasUpvoted));
    vote.setAttribute('aria-label', `Vote for it, ${String(upvotes)} so far`);
    vote.disabled = !this.#self.isSignedIn || status !== 'open';
    vote.addEventListener('click', () => {
      const wish = { streamId, questionId: id, isUpvoted: !hasUpvoted };
      this.#questions.set(id, { ...question, hasUpvoted: !hasUpvoted });
      this.#attempt(this.#client.request('question:upvote', wish));
    });
    const line = element('li', {}, vote, element('bdi', { text: content }));
    if (status === 'answered') {
      line.append(element('span', { className: 'chat-badge', text: 'ANSWERED' }));
    } else if (this.#self.isModerator) {
      line.append(this.#settle('Answered', id, 'answer'), this.#settle('Dismiss', id, 'dismiss'));
    }
    return line;
  }

  #settle(text: string, questionId: string, how: 'answer' | 'dismiss'): HTMLButtonElement {
    const button = element('button', { className: 'chat-tool', text });
    const params = { id: this.#streamId, questionId };
    button.addEventListener('click', () => {
      this.#attempt(
        how === 'answer'
          ? this.#api.call('POST /api/streams/:id/questions/:questionId/answer', { params, body: {} })
          : this.#api.call('POST /api/streams/:id/questions/:questionId/dismiss', { params }),
      );
    });
    return button;
  }

  #attempt(work: Promise<unknown>): void {
    this.#notice.hidden = true;
    work.catch((error: unknown) => {
      setText(this.#notice, refusalWords(error));
      this.#notice.hidden = false;
    });
  }
}
