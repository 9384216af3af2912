import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { person } from '@tallylight/server/realtime/testing/fake-services.ts';
import { RealtimeFixture } from '@tallylight/server/realtime/testing/realtime-fixture.ts';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChatStore, type ChatStoreOptions } from './chat-store.ts';
import { RealtimeClient } from './realtime-client.ts';

let fixture: RealtimeFixture;
const streamId = v7();
const writer = person();
const open: { close(): void }[] = [];

beforeEach(async () => {
  fixture = await RealtimeFixture.start();
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await fixture.close();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 8000, interval: 10 });
}

async function chat(options: ChatStoreOptions = {}): Promise<{ client: RealtimeClient; store: ChatStore }> {
  const token = fixture.actors.issue(person());
  const client = new RealtimeClient({ url: fixture.url, token: () => token, retryMs: [20, 50] });
  const store = new ChatStore(client, streamId, { retryMs: 20, ...options });
  open.push(store, client);
  void client.join(streamId);
  client.connect();
  await until('loaded', () => !store.snapshot.isLoading);
  return { client, store };
}

async function say(...contents: string[]): Promise<void> {
  for (const content of contents) await fixture.chat.send(writer, { streamId, content, clientId: v7() });
}

function contents(store: ChatStore): string[] {
  return store.snapshot.messages.map(({ content }) => content);
}

/** Stores messages that nobody is told of: what happens while a connection is away. */
function sayUnheard(count: number): void {
  for (let index = 0; index < count; index++) {
    fixture.chat.swallow = 1;
    fixture.chat
      .send(writer, { streamId, content: `unheard ${index}`, clientId: v7() })
      .catch(() => undefined);
  }
}

describe('ChatStore', () => {
  test('loads the newest messages, then follows', async () => {
    await say('a', 'b', 'c');
    const { store } = await chat({ pageSize: 2 });
    expect(contents(store)).toEqual(['b', 'c']);
    await say('d');
    await until('followed', () => contents(store).at(-1) === 'd');
    expect(await store.loadOlder()).toBe(true);
    expect(contents(store)).toEqual(['a', 'b', 'c', 'd']);
    expect(await store.loadOlder()).toBe(false);
  });

  test('an own message is pending at once and shown once', async () => {
    const { store } = await chat();
    const sent = store.send('hello');
    expect(store.snapshot.pending).toMatchObject([{ content: 'hello', status: 'sending' }]);
    const message = await sent;
    await until('told', () => store.snapshot.messages.length > 0);
    expect(store.snapshot).toMatchObject({ pending: [], messages: [{ id: message.id, seq: 1 }] });
  });

  test('a message that the server refuses is rejected, stays to be seen, and can be sent again', async () => {
    const { store } = await chat();
    fixture.chat.failure = liveError('SLOW_MODE', 'wait', { retryAfterSeconds: 3 });
    await expect(store.send('hello')).rejects.toMatchObject({ code: 'SLOW_MODE', retryAfterSeconds: 3 });
    const [failed] = store.snapshot.pending;
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'SLOW_MODE' } });
    fixture.chat.failure = undefined;
    store.resend(failed?.clientId ?? '');
    await until('sent', () => contents(store).length === 1);
    expect(store.snapshot.pending).toEqual([]);
  });

  test('a message whose acknowledgement was lost is sent again under the same id, and is there once', async () => {
    const { store } = await chat();
    fixture.chat.swallow = 1;
    const message = await store.send('hello');
    expect(fixture.chat.messages).toHaveLength(1);
    expect(message.id).toBe(fixture.chat.messages[0]?.id);
    expect(contents(store)).toEqual(['hello']);
  });

  test('a message that is written while there is no connection is sent when there is one', async () => {
    const { client, store } = await chat();
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    const sent = store.send('later');
    expect(store.snapshot.pending).toHaveLength(1);
    expect((await sent).content).toBe('later');
    expect(fixture.chat.messages).toHaveLength(1);
  });

  test('what was missed while away is fetched, in order', async () => {
    const { client, store } = await chat({ pageSize: 3 });
    await say('a');
    await until('a', () => contents(store).length === 1);
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    sayUnheard(8);
    await until('all', () => store.snapshot.messages.length === 9);
    expect(store.snapshot.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('a hole in the positions is filled', async () => {
    const { store } = await chat();
    await say('a');
    sayUnheard(2);
    await vi.waitFor(() => expect(fixture.chat.messages).toHaveLength(3));
    await say('d');
    await until('filled', () => store.snapshot.messages.length === 4);
    expect(contents(store)).toEqual(['a', 'unheard 0', 'unheard 1', 'd']);
    expect(fixture.chat.pages.at(-1)).toMatchObject({ afterSeq: 1 });
  });

  test('after too much was missed the newest page is loaded', async () => {
    const { client, store } = await chat({ pageSize: 4, maxCatchUp: 10 });
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    sayUnheard(20);
    await until('the newest', () => store.snapshot.messages.at(-1)?.seq === 20);
    expect(store.snapshot.messages.map(({ seq }) => seq)).toEqual([17, 18, 19, 20]);
  });

  test('another epoch throws away what was there', async () => {
    const { client, store } = await chat();
    await say('a', 'b', 'c');
    await until('three', () => contents(store).length === 3);
    fixture.chat.messages.length = 0;
    fixture.chat.epoch = v7();
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    await say('new');
    await until('anew', () => contents(store).join() === 'new');
  });

  test('a chat that was empty at first keeps everything once it has begun', async () => {
    const epoch = fixture.chat.epoch;
    // As the server says of a chat in which nothing was ever said.
    fixture.chat.epoch = '';
    const { client, store } = await chat({ pageSize: 2, maxMessages: 4 });
    fixture.chat.epoch = epoch;
    await say('a', 'b', 'c');
    await until('followed', () => contents(store).length === 3);
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    sayUnheard(1);
    await until('caught up', () => contents(store).join() === 'a,b,c,unheard 0');
  });

  test('a chat that was empty at first shows its beginning when it could not be read at once after a pause', async () => {
    const { client, store } = await chat();
    fixture.breakConnections();
    await until('gone', () => !client.isConnected);
    sayUnheard(1);
    // The server has only just started, and cannot read yet; somebody speaks before it can.
    const since = vi.spyOn(fixture.chat, 'since');
    since.mockRejectedValueOnce(liveError('UNAVAILABLE', 'the database is away'));
    await until('asked', () => since.mock.calls.length === 1);
    await say('b');
    await until('all', () => contents(store).join() === 'unheard 0,b');
  });

  test('of a chat that was empty at first the oldest messages can be loaded again', async () => {
    const epoch = fixture.chat.epoch;
    fixture.chat.epoch = '';
    const { store } = await chat({ maxMessages: 2 });
    fixture.chat.epoch = epoch;
    await say('a', 'b', 'c');
    await until('followed', () => contents(store).join() === 'b,c');
    expect(await store.loadOlder()).toBe(true);
    expect(contents(store)).toEqual(['a', 'b', 'c']);
  });

  test('deletes, pins and unpins are seen by all', async () => {
    const [one, other] = [await chat(), await chat()];
    const message = await one.store.send('hello');
    await until('told', () => contents(other.store).length === 1);
    await one.store.pin(message.id);
    await until('pinned', () => other.store.snapshot.messages[0]?.isPinned === true);
    await one.store.unpin(message.id);
    await until('unpinned', () => other.store.snapshot.messages[0]?.isPinned === false);
    await one.store.delete(message.id);
    await until('deleted', () => other.store.snapshot.messages[0]?.isDeleted === true);
    expect(contents(other.store)).toEqual(['']);
  });

  test('what was deleted or pinned while the connection was away is so afterwards, further back than a page too', async () => {
    const { client, store } = await chat({ pageSize: 3 });
    await say('a', 'b', 'c', 'd', 'e');
    await until('all', () => contents(store).length === 5);
    const [first, , third] = fixture.chat.messages;
    client.close();
    // As a server that was killed: nobody is told.
    fixture.chat.messages[0] = { ...first, content: '', isDeleted: true } as StreamChatMessage;
    fixture.chat.messages[2] = { ...third, isPinned: true } as StreamChatMessage;
    client.connect();
    await until('deleted', () => contents(store).join() === ',b,c,d,e');
    expect(store.snapshot.messages[2]?.isPinned).toBe(true);
  });

  test('a snapshot is the same until something changes', async () => {
    const { store } = await chat();
    const before = store.snapshot;
    expect(store.snapshot).toBe(before);
    let calls = 0;
    const stop = store.subscribe(() => calls++);
    await say('a');
    await until('told', () => calls > 0);
    expect(store.snapshot).not.toBe(before);
    stop();
  });

  test('closing rejects what was not acknowledged', async () => {
    const { client, store } = await chat();
    client.close();
    const sent = store.send('hello');
    store.close();
    await expect(sent).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
