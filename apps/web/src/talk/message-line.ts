import type { PendingMessage } from '@tallylight/client/realtime/chat-store.ts';
import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { element } from '../element.ts';

/** What a message's author is called. */
export function authorOf({ user }: StreamChatMessage): string {
  return user?.displayName ?? user?.username ?? 'Somebody';
}

/** A message as a line. Names and texts are isolated: one that runs from right to left does not turn the rest of the line around. */
export function messageLine(message: StreamChatMessage): HTMLLIElement {
  const author = element('b', {}, element('bdi', { text: authorOf(message) }));
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

/** An own message that is on its way, or was refused: then it can be sent again or thrown away. */
export function pendingLine(
  { content, status }: PendingMessage,
  act: { readonly again: () => void; readonly discard: () => void },
): HTMLLIElement {
  const line = element('li', { className: 'chat-message pending' }, element('bdi', { text: content }));
  if (status === 'failed') {
    const again = element('button', { className: 'chat-tool', text: 'Try again' });
    again.addEventListener('click', act.again);
    const discard = element('button', { className: 'chat-tool', text: 'Discard' });
    discard.addEventListener('click', act.discard);
    line.append(element('span', { className: 'chat-failed', text: 'Not sent.' }), again, discard);
  }
  return line;
}

/** The way in, for who may only read. */
export function signInLine(): HTMLElement {
  const link = element('a', { text: 'Sign in, or come in as a guest,' });
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return element('p', { className: 'chat-line' }, link, element('span', { text: ' to chat.' }));
}
