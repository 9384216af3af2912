import { liveError } from '@tallylight/protocol/errors.ts';
import { MAX_CHAT_MESSAGE } from '@tallylight/protocol/routes/chat.ts';

/** Control characters but tab and line ends: PostgreSQL takes no NUL, and nobody wants the others on their screen. */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** What a message says: trimmed, well-formed Unicode, 1 to 500 code points. Throws INVALID_REQUEST with nchat's texts. */
export function chatText(content: string | undefined): string {
  const text = (content ?? '').toWellFormed().replace(controls, '').trim();
  if (text === '') throw liveError('INVALID_REQUEST', 'Message cannot be empty');
  if (codePoints(text) > MAX_CHAT_MESSAGE) {
    throw liveError('INVALID_REQUEST', `Message too long (max ${MAX_CHAT_MESSAGE} characters)`);
  }
  return text;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
