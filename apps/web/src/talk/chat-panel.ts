import { ChatStore, type PendingMessage } from '@tallylight/client/realtime/chat-store.ts';
import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import type { Me } from '../account/session.ts';
import { arrange, element, setText } from '../element.ts';
import { refusalWords } from './refusal-words.ts';

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
  readonly #notice = element('p', { className: 'chat-notice', hidden: true });
  readonly #slow = element('p', { className: 'chat-slow', hidden: true });
  readonly #foot: HTMLElement;
  readonly #lines = new Map<string, { readonly line: HTMLLIElement; readonly of: StreamChatMessage }>();
  readonly #pendingLines = new Map<string, { readonly line: HTMLLIElement; readonly of: PendingMessage }>();
  /** Position of the last message that was seen at the end. */
  #seenSeq = 0;
  #follows = true;

  constructor(client: RealtimeClient, streamId: string, self: ChatSelf) {
    this.#store = new ChatStore(client, streamId);
    this.#self = self;
    this.root.setAttribute('aria-label', 'Chat');
    this.#list.setAttribute('role', 'log');
    // Can be scrolled by keyboard.
    this.#list.tabIndex = 0;
    this.#notice.setAttribute('role', 'status');
    this.#foot = self.me === undefined ? signInLine() : this.#composer();
    const scroller = element('div', { className: 'chat-scroller' }, this.#list, this.#empty, this.#more);
    this.root.append(this.#pinned, scroller, this.#notice, this.#slow, this.#foot);
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

  /** Says how often one may write; 0: as one likes. Moderators are exempt. */
  showSlowMode(seconds: number): void {
    this.#slow.hidden = seconds === 0 || this.#self.me === undefined || this.#self.isModerator;
    setText(this.#slow, `Slow mode: one message every ${String(seconds)} s.`);
  }

  /** The stream is over: what was said stays, nothing more can be. */
  end(): void {
    this.#notice.hidden = true;
    this.#slow.hidden = true;
    this.#foot.replaceWith(element('p', { className: 'chat-line', text: 'Chat has ended.' }));
  }

  /** Listens no more. */
  close(): void {
    this.#store.close();
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
      this.#notice.hidden = true;
      this.#follows = true;
      // It stays in the list as one that was refused; the notice says why.
      this.#store.send(content).catch((error: unknown) => {
        this.#say(refusalWords(error));
      });
    });
    return form;
  }

  #say(words: string): void {
    setText(this.#notice, words);
    this.#notice.hidden = false;
  }

  #show(): void {
    const { messages, pending, error, isLoading } = this.#store.snapshot;
    if (error !== undefined) {
      this.#say(refusalWords(error));
    }
    const shown = messages.filter(({ isDeleted }) => !isDeleted);
    const lines = shown.map((message) => this.#line(message));
    arrange(this.#list, [...lines, ...pending.map((each) => this.#pendingLine(each))]);
    this.#empty.hidden = isLoading || lines.length + pending.length > 0;
    forgetOthers(this.#lines, new Set(shown.map(({ id }) => id)));
    forgetOthers(this.#pendingLines, new Set(pending.map(({ clientId }) => clientId)));
    const pinned = shown.filter(({ isPinned }) => isPinned);
    this.#pinned.hidden = pinned.length === 0;
    this.#pinned.replaceChildren(...pinned.map((message) => this.#pinnedLine(message)));
    if (this.#follows) {
      this.#toEnd();
    } else {
      this.#offerMore();
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
    const line = lineOf(message);
    const { me, isModerator } = this.#self;
    const tools = element('span', { className: 'chat-tools' });
    if (isModerator) {
      tools.append(this.#pinTool(message));
    }
    if (isModerator || message.userId === me?.id) {
      tools.append(this.#tool('Delete', () => this.#store.delete(message.id)));
      line.append(tools);
    }
    this.#lines.set(message.id, { line, of: message });
    return line;
  }

  #pinnedLine(message: StreamChatMessage): HTMLLIElement {
    const line = lineOf(message);
    if (this.#self.isModerator) {
      line.append(this.#pinTool(message));
    }
    return line;
  }

  #pinTool(message: StreamChatMessage): HTMLButtonElement {
    return message.isPinned
      ? this.#tool('Unpin', () => this.#store.unpin(message.id))
      : this.#tool('Pin', () => this.#store.pin(message.id));
  }

  #tool(text: string, act: () => Promise<void>): HTMLButtonElement {
    const button = element('button', { className: 'chat-tool', text });
    button.addEventListener('click', () => {
      act().catch((error: unknown) => {
        this.#say(refusalWords(error));
      });
    });
    return button;
  }

  #pendingLine(message: PendingMessage): HTMLLIElement {
    const known = this.#pendingLines.get(message.clientId);
    if (known?.of === message) {
      return known.line;
    }
    const line = element(
      'li',
      { className: 'chat-message pending' },
      element('bdi', { text: message.content }),
    );
    if (message.status === 'failed') {
      const again = element('button', { className: 'chat-tool', text: 'Try again' });
      again.addEventListener('click', () => {
        this.#notice.hidden = true;
        this.#store.resend(message.clientId);
      });
      const discard = element('button', { className: 'chat-tool', text: 'Discard' });
      discard.addEventListener('click', () => {
        this.#notice.hidden = true;
        this.#store.discard(message.clientId);
      });
      line.append(element('span', { className: 'chat-failed', text: 'Not sent.' }), again, discard);
    }
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

/** Names and texts are isolated: one that runs from right to left does not turn the rest of the line around. */
function lineOf(message: StreamChatMessage): HTMLLIElement {
  const name = message.user?.displayName ?? message.user?.username ?? 'Somebody';
  const author = element('b', {}, element('bdi', { text: name }));
  const badge =
    message.user?.isModerator === true ? [element('span', { className: 'chat-badge', text: 'MOD' })] : [];
  return element(
    'li',
    { className: 'chat-message' },
    ...badge,
    author,
    element('bdi', { text: message.content }),
  );
}

function signInLine(): HTMLElement {
  const link = element('a', { text: 'Sign in, or come in as a guest,' });
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return element('p', { className: 'chat-line' }, link, element('span', { text: ' to chat.' }));
}
