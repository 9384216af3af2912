import { ChatStore, type PendingMessage } from '@tallylight/client/realtime/chat-store.ts';
import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import type { Me } from '../account/session.ts';
import { element, setText } from '../element.ts';

/** Nearer to the end than this, in CSS pixels, new messages keep being scrolled to. */
const FOLLOW_PX = 80;

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
  readonly #notice = element('p', { className: 'chat-notice', hidden: true });
  readonly #lines = new Map<string, { readonly line: HTMLLIElement; readonly of: StreamChatMessage }>();

  constructor(client: RealtimeClient, streamId: string, self: ChatSelf) {
    this.#store = new ChatStore(client, streamId);
    this.#self = self;
    this.root.setAttribute('aria-label', 'Chat');
    this.#list.setAttribute('role', 'log');
    this.#notice.setAttribute('role', 'status');
    this.root.append(
      this.#pinned,
      this.#list,
      this.#notice,
      self.me === undefined ? signInLine() : this.#composer(),
    );
    this.#store.subscribe(() => {
      this.#show();
    });
    this.#show();
  }

  /** Listens no more. */
  close(): void {
    this.#store.close();
    this.root.remove();
  }

  #composer(): HTMLElement {
    const input = element('input');
    input.type = 'text';
    input.maxLength = 500;
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
      this.#store.send(content).catch((error: unknown) => {
        // It stays in the list as one that was refused; here stands why.
        setText(this.#notice, error instanceof Error ? error.message : 'The message was not sent.');
        this.#notice.hidden = false;
      });
    });
    return form;
  }

  #show(): void {
    const { messages, pending, error } = this.#store.snapshot;
    const follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < FOLLOW_PX;
    if (error !== undefined) {
      setText(this.#notice, error.message);
      this.#notice.hidden = false;
    }
    const lines = messages.filter(({ isDeleted }) => !isDeleted).map((message) => this.#line(message));
    this.#list.replaceChildren(...lines, ...pending.map((each) => this.#pendingLine(each)));
    const known = new Set(messages.map(({ id }) => id));
    for (const id of this.#lines.keys()) {
      if (!known.has(id)) {
        this.#lines.delete(id);
      }
    }
    const pinned = messages.filter(({ isPinned, isDeleted }) => isPinned && !isDeleted);
    this.#pinned.hidden = pinned.length === 0;
    this.#pinned.replaceChildren(...pinned.map((message) => lineOf(message)));
    if (follows) {
      this.#list.scrollTop = this.#list.scrollHeight;
    }
  }

  #line(message: StreamChatMessage): HTMLLIElement {
    const known = this.#lines.get(message.id);
    if (known?.of === message) {
      return known.line;
    }
    const line = lineOf(message);
    const { me, isModerator } = this.#self;
    if (isModerator || message.userId === me?.id) {
      line.append(this.#tool('Delete', () => this.#store.delete(message.id)));
    }
    if (isModerator) {
      line.append(
        message.isPinned
          ? this.#tool('Unpin', () => this.#store.unpin(message.id))
          : this.#tool('Pin', () => this.#store.pin(message.id)),
      );
    }
    this.#lines.set(message.id, { line, of: message });
    return line;
  }

  #tool(text: string, act: () => Promise<void>): HTMLButtonElement {
    const button = element('button', { className: 'chat-tool', text });
    button.addEventListener('click', () => {
      act().catch((error: unknown) => {
        setText(this.#notice, error instanceof Error ? error.message : `${text} failed.`);
        this.#notice.hidden = false;
      });
    });
    return button;
  }

  #pendingLine(message: PendingMessage): HTMLLIElement {
    const line = element(
      'li',
      { className: 'chat-message pending' },
      element('span', { text: message.content }),
    );
    if (message.status === 'failed') {
      const again = element('button', { className: 'chat-tool', text: 'Try again' });
      again.addEventListener('click', () => {
        this.#store.resend(message.clientId);
      });
      const discard = element('button', { className: 'chat-tool', text: 'Discard' });
      discard.addEventListener('click', () => {
        this.#store.discard(message.clientId);
      });
      line.append(element('span', { className: 'chat-failed', text: 'not sent' }), again, discard);
    }
    return line;
  }
}

function lineOf(message: StreamChatMessage): HTMLLIElement {
  const name = message.user?.displayName ?? message.user?.username ?? 'Somebody';
  const author = element('b', { text: name });
  const badge =
    message.user?.isModerator === true ? [element('span', { className: 'chat-badge', text: 'MOD' })] : [];
  return element(
    'li',
    { className: 'chat-message' },
    author,
    ...badge,
    element('span', { text: message.content }),
  );
}

function signInLine(): HTMLElement {
  const link = element('a', { text: 'Sign in, or come in as a guest,' });
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return element('p', { className: 'chat-line' }, link, element('span', { text: ' to chat.' }));
}
