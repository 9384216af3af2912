import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { ChatMode } from '@tallylight/protocol/entities/stream.ts';
import { failureWords, labelled } from '../account/account-form.ts';
import { choiceOf, choose } from '../choice.ts';
import { element, setText } from '../element.ts';
import { spanWords } from '../stream-page.ts';
import type { Bar, Bars } from './bars.ts';
import { CHAT_MODES, type ChatRules, SLOW_MODES } from './chat-rules.ts';
import { liftBar } from './message-actions.ts';

/** How often the times that are left are written anew. */
const TICK_MS = 1_000;

/** For who keeps order: who may chat and how often, and who may not, with a way to let them again. Folded away at first. */
export class ChatDesk {
  /** To be placed by the page. */
  readonly root = element('details', { className: 'chat-desk' });
  readonly #api: ApiClient;
  readonly #streamId: string;
  readonly #bars: Bars;
  readonly #nameOf: (userId: string) => string | undefined;
  readonly #mode = choiceOf(CHAT_MODES);
  readonly #slow = choiceOf(SLOW_MODES);
  readonly #words = element('p', { className: 'hint', text: 'Loading …' });
  readonly #list = element('ul');
  readonly #notice = element('p', { className: 'chat-notice', hidden: true });
  readonly #timer: ReturnType<typeof setInterval>;

  /** `nameOf` knows the names of those who wrote. */
  constructor(api: ApiClient, streamId: string, bars: Bars, nameOf: (userId: string) => string | undefined) {
    this.#api = api;
    this.#streamId = streamId;
    this.#bars = bars;
    this.#nameOf = nameOf;
    this.#notice.setAttribute('role', 'alert');
    this.root.append(
      element('summary', { text: 'Moderation' }),
      labelled('Who may chat', this.#mode),
      labelled('Slow mode', this.#slow),
      element('h3', { text: 'Banned and timed out' }),
      ...[this.#words, this.#list, this.#notice],
    );
    this.#mode.addEventListener('change', () => {
      this.#change({ mode: this.#mode.value as ChatMode });
    });
    this.#slow.addEventListener('change', () => {
      this.#change({ slowModeSeconds: Number(this.#slow.value) });
    });
    bars.subscribe(() => {
      this.#show();
    });
    this.#timer = setInterval(() => {
      if (this.root.open && this.#list.childElementCount > 0) {
        this.#show();
      }
    }, TICK_MS);
    void bars.load();
  }

  /** Shows what holds now. */
  showRules({ mode, slowModeSeconds }: ChatRules): void {
    this.#mode.value = mode;
    choose(this.#slow, String(slowModeSeconds), `Every ${String(slowModeSeconds)} s`);
  }

  /** Listens no more. */
  close(): void {
    clearInterval(this.#timer);
    this.root.remove();
  }

  #change(body: { readonly mode?: ChatMode; readonly slowModeSeconds?: number }): void {
    this.#attempt(async () => {
      const params = { id: this.#streamId };
      const now = await this.#api
        .call('PATCH /api/streams/:id/chat/settings', { params, body })
        .catch(async (error: unknown) => {
          // What was not changed is shown as it is.
          this.showRules(await this.#api.call('GET /api/streams/:id/chat/settings', { params }));
          throw error;
        });
      this.showRules(now);
    });
  }

  #show(): void {
    const { now, failure, isLoaded } = this.#bars;
    const words = failure !== undefined ? failureWords(failure) : now.length === 0 ? 'Nobody.' : '';
    setText(this.#words, isLoaded || failure !== undefined ? words : 'Loading …');
    this.#words.hidden = words === '';
    // Whoever is about to press a button keeps it under the finger.
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : undefined;
    const lines = now.map((bar) => this.#line(bar));
    if (focused instanceof HTMLElement && lines.length === this.#list.childElementCount) {
      for (const [index, line] of [...this.#list.children].entries()) {
        setText(line.firstElementChild ?? line, lines[index]?.firstElementChild?.textContent ?? '');
      }
      return;
    }
    this.#list.replaceChildren(...lines);
  }

  #line(bar: Bar): HTMLLIElement {
    const name = bar.name ?? this.#nameOf(bar.userId) ?? 'Somebody';
    const lift = element('button', { className: 'chat-tool', text: 'Lift' });
    lift.type = 'button';
    lift.setAttribute('aria-label', `Lift ${bar.kind === 'ban' ? 'the ban' : 'the time-out'} of ${name}`);
    lift.addEventListener('click', () => {
      this.#attempt(async () => {
        await liftBar(this.#api, this.#streamId, bar.kind, bar.userId);
        await this.#bars.load();
      });
    });
    return element('li', {}, element('span', { text: `${name}: ${barWords(bar, Date.now())}` }), lift);
  }

  #attempt(work: () => Promise<void>): void {
    this.#notice.hidden = true;
    work().catch((error: unknown) => {
      setText(this.#notice, failureWords(error));
      this.#notice.hidden = false;
    });
  }
}

/** "banned", or "timed out, 9 min left". */
export function barWords({ kind, untilMs }: Pick<Bar, 'kind' | 'untilMs'>, nowMs: number): string {
  const what = kind === 'ban' ? 'banned' : 'timed out';
  return untilMs === undefined ? what : `${what}, ${spanWords(Math.max(0, untilMs - nowMs))} left`;
}
