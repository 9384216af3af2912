import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { type ChatLimits, DEFAULT_CHAT_LIMITS } from './chat-limits.ts';
import {
  type ChatStore,
  ChatWriter,
  type OutgoingMessage,
  type StoredMessage,
  type StoreOutcome,
} from './chat-writer.ts';
import { HandClock } from './testing/chat-stage.ts';

/** A database in memory that can be slow, lost before or after it stored, or hung. */
class FakeStore implements ChatStore<OutgoingMessage> {
  readonly batches: string[][] = [];
  readonly told: number[] = [];
  readonly stored = new Map<string, StoredMessage>();
  mode: 'works' | 'lost before' | 'lost after' | 'hangs' = 'works';
  #release: (() => void)[] = [];
  #isHeld = false;

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const release of this.#release.splice(0)) release();
  }

  async store(messages: readonly OutgoingMessage[]): Promise<readonly StoreOutcome[]> {
    this.batches.push(messages.map(({ content }) => content));
    if (this.#isHeld) await new Promise<void>((resolve) => this.#release.push(resolve));
    if (this.mode === 'lost before') throw new Error('connection refused');
    const outcomes = messages.map((message): StoreOutcome => {
      if (message.content === 'refuse me') return { outcome: 'refused' };
      const stored = { id: message.id, seq: this.stored.size + 1, createdAt: new Date(0) };
      this.stored.set(message.id, stored);
      return { outcome: 'sent', ...stored };
    });
    if (this.mode === 'lost after') throw new Error('connection lost at commit');
    return outcomes;
  }

  find(_streamId: string, ids: readonly string[]): Promise<readonly StoredMessage[]> {
    if (this.mode !== 'works') return Promise.reject(new Error('away'));
    return Promise.resolve(ids.flatMap((id) => this.stored.get(id) ?? []));
  }

  onStored(_message: OutgoingMessage, { seq }: StoredMessage): void {
    this.told.push(seq);
  }
}

let count = 0;
function message(content: string, streamId = 'room'): OutgoingMessage {
  count += 1;
  return { id: `m${count}`, streamId, userId: 'ann', claims: '{}', clientId: `c${count}`, content };
}

function setUp(limits: Partial<ChatLimits> = {}) {
  const store = new FakeStore();
  const clock = new HandClock();
  const writer = new ChatWriter({
    store,
    clock,
    log: silentLogger,
    limits: { ...DEFAULT_CHAT_LIMITS, lanes: 1, ...limits },
  });
  const submit = (content: string, streamId?: string) => writer.submit(message(content, streamId));
  return { store, clock, writer, submit };
}

const UNAVAILABLE = { code: 'UNAVAILABLE', statusCode: 503, details: { retryAfterSeconds: 2 } };

describe('ChatWriter', () => {
  test('what arrives while a transaction is under way goes together into the next one', async () => {
    const { store, submit } = setUp();
    store.hold();
    const first = submit('1');
    await vi.waitFor(() => expect(store.batches).toEqual([['1']]));
    const others = [submit('2'), submit('3', 'other room'), submit('4')];
    store.release();
    await Promise.all([first, ...others]);
    expect(store.batches).toEqual([['1'], ['3', '2', '4']]);
  });

  test('a batch has at most so many messages', async () => {
    const { store, submit } = setUp({ batchSize: 3 });
    await Promise.all(['1', '2', '3', '4'].map((content) => submit(content)));
    expect(store.batches).toEqual([['1', '2', '3'], ['4']]);
    expect(store.told).toEqual([1, 2, 3, 4]);
  });

  test('a room is in one transaction at a time, other rooms use the other lane', async () => {
    const { store, submit } = setUp({ lanes: 2 });
    store.hold();
    const sent = [submit('a1', 'a')];
    await vi.waitFor(() => expect(store.batches).toHaveLength(1));
    sent.push(submit('a2', 'a'), submit('b1', 'b'));
    await vi.waitFor(() => expect(store.batches).toEqual([['a1'], ['b1']]));
    store.release();
    await Promise.all(sent);
    expect(store.batches).toEqual([['a1'], ['b1'], ['a2']]);
  });

  test('a message is told before its sender gets the answer; a refused one is not told', async () => {
    const { store, submit } = setUp();
    const order: string[] = [];
    vi.spyOn(store, 'onStored').mockImplementation(({ content }) => void order.push(`told ${content}`));
    await Promise.all([
      submit('1').then(() => order.push('acked 1')),
      submit('refuse me').then(({ outcome }) => order.push(outcome)),
    ]);
    expect(order).toEqual(['told 1', 'acked 1', 'refused']);
  });

  test('a room takes so many waiting messages, and all rooms together so many', async () => {
    const { store, writer, submit } = setUp({ queuePerRoom: 2, queueTotal: 3 });
    store.hold();
    const sent = [submit('under way')];
    await vi.waitFor(() => expect(store.batches).toHaveLength(1));
    sent.push(submit('1'), submit('2'));
    await expect(submit('3')).rejects.toMatchObject(UNAVAILABLE);
    sent.push(submit('1', 'other'));
    await expect(submit('2', 'other')).rejects.toMatchObject(UNAVAILABLE);
    store.release();
    expect(await Promise.all(sent)).toHaveLength(4);
    await writer.close();
    await expect(submit('late')).rejects.toMatchObject(UNAVAILABLE);
  });

  test('a database that is away: not acknowledged, not told', async () => {
    const { store, submit } = setUp();
    store.mode = 'lost before';
    await expect(submit('1')).rejects.toMatchObject(UNAVAILABLE);
    expect(store.told).toEqual([]);
    store.mode = 'works';
    await submit('2');
    expect(store.told).toEqual([1]);
  });

  test('an answer lost at the commit: an error that says to send again, and the message is told in its place', async () => {
    const { store, submit } = setUp();
    await submit('1');
    store.mode = 'lost after';
    await expect(submit('2')).rejects.toThrow(/Send it again with the same clientId/);
    store.mode = 'works';
    await submit('3');
    expect(store.told).toEqual([1, 2, 3]);
  });

  test('…also when nobody writes afterwards', async () => {
    vi.useFakeTimers();
    try {
      const { store, submit } = setUp();
      store.mode = 'lost after';
      const lost = expect(submit('1')).rejects.toMatchObject(UNAVAILABLE);
      await vi.advanceTimersByTimeAsync(1);
      await lost;
      await vi.advanceTimersByTimeAsync(1000);
      expect(store.told).toEqual([]);
      store.mode = 'works';
      await vi.advanceTimersByTimeAsync(1000);
      expect(store.told).toEqual([1]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a database that hangs: 503 in time for what is under way and for what waits; the former is told when it turns out stored', async () => {
    vi.useFakeTimers();
    try {
      const { store, clock, submit } = setUp({ answerMs: 1800 });
      store.hold();
      const outcomes = [submit('1')];
      await vi.advanceTimersByTimeAsync(1);
      outcomes.push(submit('2'));
      const refused = Promise.allSettled(outcomes);
      clock.pass(1799);
      await vi.advanceTimersByTimeAsync(200);
      clock.pass(1);
      await vi.advanceTimersByTimeAsync(1700);
      for (const outcome of await refused) expect(outcome).toMatchObject({ reason: UNAVAILABLE });
      store.release();
      await vi.advanceTimersByTimeAsync(1);
      expect(store.told).toEqual([1]);
      expect(store.batches).toEqual([['1']]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('refuse() takes out of the queue what matches', async () => {
    const { store, writer, submit } = setUp();
    store.hold();
    const sent = [submit('under way')];
    await vi.waitFor(() => expect(store.batches).toHaveLength(1));
    const doomed = submit('bad');
    sent.push(submit('good'));
    writer.refuse(
      ({ content }) => content === 'bad',
      () => new Error('barred'),
    );
    await expect(doomed).rejects.toThrow('barred');
    store.release();
    await Promise.all(sent);
    expect(store.batches).toEqual([['under way'], ['good']]);
  });

  test('settled() waits for the transactions that are under way', async () => {
    const { store, writer, submit } = setUp();
    store.hold();
    const sent = submit('1');
    await vi.waitFor(() => expect(store.batches).toHaveLength(1));
    let isSettled = false;
    const settled = writer.settled().then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    store.release();
    await Promise.all([settled, sent]);
    expect(store.told).toEqual([1]);
  });

  test('settled() waits for messages with lost answers that are being told', async () => {
    vi.useFakeTimers();
    try {
      const { store, writer, submit } = setUp();
      store.mode = 'lost after';
      const lost = expect(submit('1')).rejects.toMatchObject(UNAVAILABLE);
      await vi.advanceTimersByTimeAsync(1);
      await lost;
      store.mode = 'works';
      let answer = (): void => {};
      const find = store.find.bind(store);
      store.find = async (...asked) => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return find(...asked);
      };
      await vi.advanceTimersByTimeAsync(1000);
      let isSettled = false;
      const settled = writer.settled().then(() => {
        isSettled = true;
      });
      await vi.advanceTimersByTimeAsync(1);
      expect([isSettled, store.told]).toEqual([false, []]);
      answer();
      await settled;
      expect(store.told).toEqual([1]);
    } finally {
      vi.useRealTimers();
    }
  });
});
