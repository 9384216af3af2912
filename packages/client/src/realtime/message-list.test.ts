import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageList } from './message-list.ts';

function message(seq: number): StreamChatMessage {
  return { id: `m${seq}`, seq, content: String(seq) } as StreamChatMessage;
}

function positions(list: MessageList): number[] {
  return list.messages.map(({ seq }) => seq);
}

describe('MessageList', () => {
  test('in whatever order and how often messages come, each is there once and in its place', () => {
    assert(
      property(array(integer({ min: 1, max: 30 }), { maxLength: 60 }), (seqs) => {
        const list = new MessageList(100);
        list.reset([], 0);
        for (const seq of seqs) list.put(message(seq));
        expect(positions(list)).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        let known = 0;
        while (seqs.includes(known + 1)) known++;
        expect(list.knownUpTo).toBe(known);
        expect(list.hasHole).toBe(Math.max(0, ...seqs) > known);
      }),
    );
  });

  test('a number that the server does not have is no hole', () => {
    const list = new MessageList(100);
    list.reset([message(1)], 1);
    list.put(message(5));
    expect(list.hasHole).toBe(true);
    list.complete([message(3), message(5)]);
    expect(list.hasHole).toBe(false);
    expect(list.knownUpTo).toBe(5);
  });

  test('the oldest go when there are too many', () => {
    const list = new MessageList(3);
    list.reset([message(1), message(2), message(3)], 3);
    list.put(message(4));
    expect(positions(list)).toEqual([2, 3, 4]);
  });

  test('one that was told to be deleted stays so, whatever page comes after', () => {
    const list = new MessageList(100);
    list.reset([message(1)], 1);
    list.delete('m1', 'somebody');
    // Before the message itself is known.
    list.delete('m2', undefined);
    list.complete([message(1), message(2), message(3)]);
    expect(list.messages).toMatchObject([
      { content: '', isDeleted: true, deletedBy: 'somebody' },
      { content: '', isDeleted: true },
      { content: '3' },
    ]);
    list.reset([message(2)], 2);
    expect(list.messages).toMatchObject([{ content: '', isDeleted: true }]);
  });
});
