import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { ChatStore, type PendingMessage } from '@tallylight/client/realtime/chat-store.ts';
import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import type { Me } from '../account/session.ts';
import { arrange, element, setText } from '../element.ts';
import { spanWords } from '../stream-page.ts';
import { Bars } from './bars.ts';
import { ChatDesk } from './chat-desk.ts';
import { ChatNotice } from './chat-notice.ts';
import { type ChatRules, rulesWords } from './chat-rules.ts';
import { messageActions } from './message-actions.ts';
import { authorOf, messageLine, pendingLine, signInLine } from './message-line.ts';
import { MessageMenu } from './message-menu.ts';

/** Nearer to the end than this, in CSS pixels, new messages keep being scrolled to. */
const FOLLOW_PX = 48;
/** Longest message, in UTF-16 units, as the server counts. */
const MAX_LENGTH = 500;

/** Who is at the chat. */
export interface ChatSelf {
  /** Undefined: nobody who signed in, who may read. */
  readonly me: Me | undefined;
  readonly isModerator: boolean;
}

/** The chat of a stream: messages, pinned ones above, and a line to write. */
export class ChatPanel {
  /** To be placed by the page. */
  readonly root = element('section', { className: 'chat' });
  readonly #store: ChatStore;
  readonly #self: ChatSelf;
  readonly #pinned = element('ul', { className: 'chat-pinned', hidden: true });
  readonly #list = element('ul', { className: 'chat-list' });
  readonly #empty = element('p', { className: 'chat-empty', text: 'No messages yet.' });
  readonly #more = element('button', { className: 'button pill chat-more', hidden: true });
  readonly #notice = new ChatNotice();
  readonly #menu: MessageMenu;
  /** For moderators: who may not write, and the rules. */
  readonly #bars: Bars | undefined;
  readonly #desk: ChatDesk | undefined;
  readonly #api: ApiClient;
  readonly #streamId: string;
  readonly #stop: () => void;
  readonly #slow = element('p', { className: 'chat-slow', hidden: true });
  readonly #foot: HTMLElement;
  readonly #lines = new Map<string, { readonly line: HTMLLIElement; readonly of: StreamChatMessage }>();
  readonly #pendingLines = new Map<string, { readonly line: HTMLLIElement; readonly of: PendingMessage }>();
  #pinnedShown: readonly StreamChatMessage[] = [];
  /** Position of the last message that was seen at the end. */
  #seenSeq = 0;
  #follows = true;

  constructor(api: ApiClient, client: RealtimeClient, streamId: string, self: ChatSelf) {
    this.#store = new ChatStore(client, streamId);
    this.#api = api;
    this.#streamId = streamId;
    this.#self = self;
    this.#menu = new MessageMenu((error) => {
      this.#notice.refuse(error);
    });
    if (self.isModerator) {
      this.#bars = new Bars(api, client, streamId);
      this.#desk = new ChatDesk(api, streamId, this.#bars, (userId) => this.#nameOf(userId));
    }
    this.#stop = this.#listenForBars(client);
    this.root.setAttribute('aria-label', 'Chat');
    this.#list.setAttribute('role', 'log');
    // Can be scrolled by keyboard.
    this.#list.tabIndex = 0;
    this.#foot = self.me === undefined ? signInLine() : this.#composer();
    const scroller = element('div', { className: 'chat-scroller' }, this.#list, this.#empty, this.#more);
    this.root.append(
      ...(this.#desk === undefined ? [] : [this.#desk.root]),
      ...[this.#pinned, scroller, this.#menu.root, this.#notice.root, this.#slow, this.#foot],
    );
    this.#list.addEventListener('scroll', () => {
      this.#scrolled();
    });
    this.#more.addEventListener('click', () => {
      this.#toEnd();
    });
    // A panel that grows or shrinks, as with a phone's keyboard, keeps showing the end.
    new ResizeObserver(() => {
      if (this.#follows) {
        this.#toEnd();
      }
    }).observe(this.#list);
    this.#store.subscribe(() => {
      this.#show();
    });
    this.#show();
  }

  /** Says who may write and how often. Moderators are exempt, but from a chat that is off. */
  showRules(rules: ChatRules): void {
    const { me, isModerator } = this.#self;
    const words = rulesWords(rules);
    const concerns = me !== undefined && (!isModerator || rules.mode === 'disabled');
    this.#slow.hidden = words === '' || !(concerns || (me === undefined && rules.mode === 'disabled'));
    setText(this.#slow, words);
    this.#desk?.showRules(rules);
  }

  /** The stream is over: what was said stays, nothing more can be. */
  end(): void {
    this.#notice.clear();
    this.#slow.hidden = true;
    this.#foot.replaceWith(element('p', { className: 'chat-line', text: 'Chat has ended.' }));
  }

  /** Listens no more. */
  close(): void {
    this.#stop();
    this.#store.close();
    this.#bars?.close();
    this.#desk?.close();
    this.root.remove();
  }

  #composer(): HTMLElement {
    const input = element('input');
    input.type = 'text';
    input.maxLength = MAX_LENGTH;
    input.autocomplete = 'off';
    input.placeholder = 'Say something';
    input.setAttribute('aria-label', 'Message');
    const form = element(
      'form',
      { className: 'chat-line' },
      input,
      element('button', { className: 'button', text: 'Send' }),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const content = input.value.trim();
      if (content === '') {
        return;
      }
      input.value = '';
      this.#notice.clear();
      this.#follows = true;
      // It stays in the list as one that was refused; the notice says why.
      this.#store.send(content).catch((error: unknown) => {
        this.#notice.refuse(error);
      });
    });
    return form;
  }

  /** A moderator’s word on the person here. */
  #listenForBars(client: RealtimeClient): () => void {
    return client.on('stream:user-banned', ({ streamId, userId, kind, expiresAt }) => {
      if (streamId !== this.#streamId || userId !== this.#self.me?.id) {
        return;
      }
      const banned = 'You are banned from this chat. You can still watch.';
      if (kind === 'lifted') {
        this.#notice.say('You can chat again.');
      } else if (expiresAt === undefined) {
        this.#notice.say(banned);
      } else {
        const before = kind === 'ban' ? `${banned} ` : '';
        this.#notice.countDown(
          Date.parse(expiresAt),
          (left) => `${before}You can chat again in ${spanWords(left * 1000)}.`,
        );
      }
    });
  }

  #nameOf(userId: string): string | undefined {
    const message = this.#store.snapshot.messages.findLast((each) => each.userId === userId);
    return message === undefined ? undefined : authorOf(message);
  }

  #show(): void {
    const { messages, pending, error, isLoading } = this.#store.snapshot;
    if (error !== undefined) {
      this.#notice.refuse(error);
    }
    const shown = messages.filter(({ isDeleted }) => !isDeleted);
    const lines = shown.map((message) => this.#line(message));
    arrange(this.#list, [...lines, ...pending.map((each) => this.#pendingLine(each))]);
    this.#empty.hidden = isLoading || lines.length + pending.length > 0;
    forgetOthers(this.#lines, new Set(shown.map(({ id }) => id)));
    forgetOthers(this.#pendingLines, new Set(pending.map(({ clientId }) => clientId)));
    const pinned = shown.filter(({ isPinned }) => isPinned);
    this.#pinned.hidden = pinned.length === 0;
    this.#showPinned(pinned);
    if (this.#follows) {
      this.#toEnd();
    } else {
      this.#offerMore();
    }
  }

  /** Only when it changed: a menu may be open on one of them. */
  #showPinned(pinned: readonly StreamChatMessage[]): void {
    const before = this.#pinnedShown;
    if (pinned.length !== before.length || pinned.some((message, index) => message !== before[index])) {
      this.#pinnedShown = pinned;
      this.#pinned.replaceChildren(...pinned.map((message) => this.#lineWithMenu(message)));
    }
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    this.#follows = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
    if (this.#follows) {
      this.#seen();
    }
  }

  #toEnd(): void {
    this.#follows = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#seen();
  }

  #seen(): void {
    this.#seenSeq = this.#store.snapshot.messages.at(-1)?.seq ?? this.#seenSeq;
    this.#more.hidden = true;
  }

  /** Who reads further up is not moved, and told how much there is below. */
  #offerMore(): void {
    const { messages } = this.#store.snapshot;
    const count = messages.filter(({ seq, isDeleted }) => seq > this.#seenSeq && !isDeleted).length;
    this.#more.hidden = count === 0;
    setText(this.#more, count === 1 ? '1 new message' : `${count > 99 ? '99+' : String(count)} new messages`);
  }

  #line(message: StreamChatMessage): HTMLLIElement {
    const known = this.#lines.get(message.id);
    if (known?.of === message) {
      return known.line;
    }
    const line = this.#lineWithMenu(message);
    if (known?.line.contains(document.activeElement) === true) {
      // Once it is in its place.
      queueMicrotask(() => line.querySelector('button')?.focus());
    }
    this.#lines.set(message.id, { line, of: message });
    return line;
  }

  /** Where nothing can be done there is no menu. */
  #lineWithMenu(message: StreamChatMessage): HTMLLIElement {
    const line = messageLine(message);
    const options = {
      api: this.#api,
      streamId: this.#streamId,
      store: this.#store,
      selfId: this.#self.me?.id,
      bars: this.#bars,
    };
    if (messageActions(message, options).length > 0) {
      const author = authorOf(message);
      const title = `${author}: ${message.content}`;
      line.append(
        this.#menu.opener(`Actions for the message of ${author}`, title, () =>
          messageActions(message, options),
        ),
      );
    }
    return line;
  }

  #pendingLine(message: PendingMessage): HTMLLIElement {
    const known = this.#pendingLines.get(message.clientId);
    if (known?.of === message) {
      return known.line;
    }
    const line = pendingLine(message, {
      again: () => {
        this.#notice.clear();
        this.#store.resend(message.clientId);
      },
      discard: () => {
        this.#notice.clear();
        this.#store.discard(message.clientId);
      },
    });
    this.#pendingLines.set(message.clientId, { line, of: message });
    return line;
  }
}

function forgetOthers(lines: Map<string, unknown>, known: ReadonlySet<string>): void {
  for (const id of lines.keys()) {
    if (!known.has(id)) {
      lines.delete(id);
    }
  }
}
