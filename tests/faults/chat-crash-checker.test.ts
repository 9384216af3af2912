import { describe, expect, test } from 'vitest';
import {
  type ChatCrashTraces,
  checkChat,
  type SentMessage,
  type StoredMessage,
} from '../support/chat-crash-checker.ts';

type Change = (traces: {
  sent: SentMessage[];
  stored: StoredMessage[];
  views: { id: string; seq: number; isDeleted: boolean }[][];
}) => void;

/** Three messages in one room, the last one deleted, and two readers; then something is made wrong. */
function traces(change: Change = () => undefined): ChatCrashTraces {
  const stored = [1, 2, 3].map(
    (seq): StoredMessage => ({
      id: `m${seq}`,
      streamId: 'room',
      userId: 'user',
      clientId: `c${seq}`,
      content: `text ${seq}`,
      seq,
      isDeleted: seq === 3,
    }),
  );
  const sent = stored.map(
    ({ id, seq, clientId, content, isDeleted }): SentMessage => ({
      clientId,
      userId: 'user',
      room: 'room',
      content,
      isAfterBan: false,
      acks: [{ id, seq, isDeleted: false }],
      ackedAfterBan: false,
      isDeletionAcked: isDeleted,
    }),
  );
  const views = [1, 2].map(() => stored.map(({ id, seq, isDeleted }) => ({ id, seq, isDeleted })));
  change({ sent, stored, views });
  return { rooms: ['room'], stored, sent, readers: views.map((view) => ({ room: 'room', view })) };
}

const wrongs: readonly (readonly [string, RegExp, Change])[] = [
  ['an acknowledged message is lost', /c2 was acknowledged and is lost/, ({ stored }) => stored.splice(1, 1)],
  [
    'a message is stored twice',
    /c1 is stored 2 times/,
    ({ stored }) => stored.push({ ...at(stored, 0), id: 'm4', seq: 4 }),
  ],
  ['a number is missing', /number 4 stands at place 3/, ({ stored }) => change(stored, 2, { seq: 4 })],
  [
    'an acknowledgement named another number',
    /c1 was acknowledged as 2 and is 1/,
    ({ sent }) => at(sent, 0).acks.push({ id: 'm1', seq: 2, isDeleted: false }),
  ],
  [
    'an acknowledgement named another message',
    /c1 was acknowledged as 1 and is 1/,
    ({ sent }) => at(sent, 0).acks.push({ id: 'm9', seq: 1, isDeleted: false }),
  ],
  ['a text changed', /c1 is stored as another/, ({ stored }) => change(stored, 0, { content: 'other' })],
  ['a deleted message came back', /c3 came back/, ({ stored }) => change(stored, 2, { isDeleted: false })],
  [
    'a message was acknowledged after the ban',
    /c2 was acknowledged after the ban/,
    ({ sent }) => (at(sent, 1).ackedAfterBan = true),
  ],
  [
    'a message was stored after the ban',
    /c2 was stored after the ban/,
    ({ sent }) => change(sent, 1, { isAfterBan: true }),
  ],
  [
    'a message came from nowhere',
    /1 stored messages nobody sent/,
    ({ stored }) => stored.push({ ...at(stored, 0), id: 'm4', seq: 4, clientId: 'c4' }),
  ],
  ['a reader misses the last one', /saw 2 of 3, another one at place 3/, ({ views }) => at(views, 1).pop()],
  ['a reader has another order', /another one at place 1/, ({ views }) => at(views, 0).reverse()],
  [
    'a reader has one twice',
    /saw 4 of 3, another one at place 4/,
    ({ views }) => at(views, 0).push({ id: 'm3', seq: 3, isDeleted: true }),
  ],
  [
    'a reader still sees a deleted one',
    /still sees 1 that were deleted/,
    ({ views }) => change(at(views, 0), 2, { isDeleted: false }),
  ],
];

describe('the checker of the chat', () => {
  test('is content with what is right, acknowledged twice or not at all', () => {
    expect(checkChat(traces())).toEqual([]);
    const more = traces(({ sent }) => {
      at(sent, 0).acks.push({ id: 'm1', seq: 1, isDeleted: false });
      at(sent, 1).acks.pop();
      sent.push({ ...at(sent, 1), clientId: 'never stored' });
    });
    expect(checkChat(more)).toEqual([]);
  });

  test.each(wrongs)('sees that %s', (_, sentence, makeWrong) => {
    expect(checkChat(traces(makeWrong)).join('\n')).toMatch(sentence);
  });
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function change<T>(list: T[], index: number, by: Partial<T>): void {
  list[index] = { ...at(list, index), ...by };
}
