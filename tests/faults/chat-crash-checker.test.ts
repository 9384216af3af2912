import { describe, expect, test } from 'vitest';
import {
  type ChatCrashTraces,
  checkChat,
  type ReaderView,
  type SentMessage,
  type StoredMessage,
} from '../support/chat-crash-checker.ts';
import { type ChatLie, runLiar } from '../support/chat-crash-liar.ts';

type Change = (traces: {
  sent: SentMessage[];
  stored: StoredMessage[];
  views: { id: string; seq: number; isDeleted: boolean }[][];
  /** The same for both readers. */
  told: { id: string; seq: number }[];
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
  const told = stored.map(({ id, seq }) => ({ id, seq }));
  change({ sent, stored, views, told });
  const readers = views.map((view, n): ReaderView => ({ name: `reader ${n + 1}`, room: 'room', view, told }));
  return { rooms: ['room'], stored, sent, readers };
}

const wrongs: readonly (readonly [string, string, Change])[] = [
  [
    'an acknowledged message is lost',
    'c2 was acknowledged as number 2 and is lost, seen by reader 1 and reader 2',
    ({ stored }) => stored.splice(1, 1),
  ],
  [
    'an acknowledged message is lost that nobody saw',
    'c2 was acknowledged as number 2 and is lost, seen by no reader',
    ({ stored, views, told }) => [stored, told, ...views].forEach((list) => list.splice(1, 1)),
  ],
  [
    'a message is stored twice',
    'c1 is stored 2 times: as number 1, seen by reader 1 and reader 2; as number 4, seen by no reader',
    ({ stored }) => stored.push({ ...at(stored, 0), id: 'm4', seq: 4 }),
  ],
  [
    'a number is missing',
    'room room: c3 (number 4) stands at place 3',
    ({ stored }) => change(stored, 2, { seq: 4 }),
  ],
  [
    'an acknowledgement named another number',
    'c1 was acknowledged as number 2 and is 1, seen by reader 1 and reader 2',
    ({ sent }) => at(sent, 0).acks.push({ id: 'm1', seq: 2, isDeleted: false }),
  ],
  [
    'an acknowledgement named another message',
    'c1 was acknowledged as number 1 and is 1, seen by no reader',
    ({ sent }) => at(sent, 0).acks.push({ id: 'm9', seq: 1, isDeleted: false }),
  ],
  [
    'a text changed',
    'c1 (number 1) is stored as another message',
    ({ stored }) => change(stored, 0, { content: 'other' }),
  ],
  [
    'a deleted message came back',
    'c3 (number 3) was deleted and came back',
    ({ stored }) => change(stored, 2, { isDeleted: false }),
  ],
  [
    'a message was acknowledged after the ban',
    'c2 was acknowledged after the ban was',
    ({ sent }) => (at(sent, 1).ackedAfterBan = true),
  ],
  [
    'a message was stored after the ban',
    'c2 (number 2) was stored after the ban, seen by reader 1 and reader 2',
    ({ sent }) => change(sent, 1, { isAfterBan: true }),
  ],
  [
    'a message came from nowhere',
    'nobody sent c4 (number 4), seen by no reader',
    ({ stored }) => stored.push({ ...at(stored, 0), id: 'm4', seq: 4, clientId: 'c4' }),
  ],
  [
    'a reader misses the last one',
    'reader 2 shows 2 of 3: at place 3 nothing and not c3 (number 3), seen by reader 1 and reader 2',
    ({ views }) => at(views, 1).pop(),
  ],
  [
    'a reader shows another order',
    'reader 1 shows 3 of 3: at place 1 c3 (number 3) and not c1 (number 1)',
    ({ views }) => at(views, 0).reverse(),
  ],
  [
    'a reader shows one twice',
    'reader 1 shows 4 of 3: at place 4 c3 (number 3) and not nothing',
    ({ views }) => at(views, 0).push({ id: 'm3', seq: 3, isDeleted: true }),
  ],
  [
    'a reader still shows a deleted one',
    'reader 1 still shows c3 (number 3), which was deleted',
    ({ views }) => change(at(views, 0), 2, { isDeleted: false }),
  ],
  [
    'a reader was told twice',
    'reader 1 was told of c3 (number 3) twice',
    ({ told }) => told.push(at(told, 2)),
  ],
  [
    'a reader was told in another order',
    'reader 2 was told of c1 (number 1) after c2 (number 2), seen by reader 1 and reader 2',
    ({ told }) => told.unshift(...told.splice(1, 1)),
  ],
  [
    'a reader was told of what is not stored',
    'reader 1 was told of m4 (number 4), which is stored as nothing',
    ({ told }) => told.push({ id: 'm4', seq: 4 }),
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
    expect(checkChat(traces(makeWrong)).join('\n')).toContain(sentence);
  });
});

describe('the checker with its clients, on a chat that lies', () => {
  const lies: readonly (readonly [ChatLie, readonly RegExp[]])[] = [
    ['nothing', []],
    [
      'acknowledges without storing',
      [/^(w\d-\d) was acknowledged as number 10 and is lost, seen by no reader$/],
    ],
    [
      'tells twice',
      [1, 2].map((reader) => new RegExp(`^reader ${reader} was told of w\\d-\\d \\(number 10\\) twice$`)),
    ],
    [
      'tells late',
      [1, 2].map(
        (reader) =>
          new RegExp(`^reader ${reader} was told of w\\d-\\d \\(number 10\\) after w\\d-\\d \\(number 11\\)`),
      ),
    ],
    [
      'stores twice',
      [/^w\d-\d is stored 2 times: as number 10, seen by reader 1 and reader 2; as number 11, seen by/],
    ],
  ];

  test.each(lies)('it %s: that is what is reported', async (lie, sentences) => {
    const violations = await runLiar(lie);
    expect(violations, violations.join('\n')).toHaveLength(sentences.length);
    for (const [n, sentence] of sentences.entries()) expect(violations[n]).toMatch(sentence);
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
