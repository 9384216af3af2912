import { v7 } from 'uuid';
import type { FakeChat } from '../../packages/server/src/realtime/testing/fake-services.ts';
import { person } from '../../packages/server/src/realtime/testing/fake-services.ts';
import { RealtimeFixture } from '../../packages/server/src/realtime/testing/realtime-fixture.ts';
import { checkChat } from './chat-crash-checker.ts';
import { ChatReader, ChatWriterClient, type CrashTarget } from './chat-crash-clients.ts';
import { waitFor } from './wait-for.ts';

/** What a chat does wrong with its tenth message. `nothing`: it is as it should be. */
export type ChatLie =
  | 'nothing'
  | 'acknowledges without storing'
  | 'tells twice'
  | 'tells late'
  | 'stores twice';

const ROOM = v7();

/** The clients and the comparison of the crash checker, on a realtime server whose chat lies; gives the violations. */
export async function runLiar(lie: ChatLie): Promise<readonly string[]> {
  const fixture = await RealtimeFixture.start({ eventsPerSecond: 1000 });
  const { chat, actors } = fixture;
  makeLiar(fixture, lie);
  const target: CrashTarget = {
    url: fixture.url,
    rooms: [ROOM],
    owner: { call: () => Promise.reject(new Error('nobody bans or deletes here')) },
  };
  const readers = [1, 2].map((n) => new ChatReader(target, ROOM, `reader ${n}`));
  const writers = Array.from({ length: 3 }, (_, n) => {
    const actor = person();
    return new ChatWriterClient(target, {
      person: { id: actor.userId ?? '', token: actors.issue(actor) },
      ...{ name: `w${n}`, messages: 10, pauseMs: 10, deletes: false },
      // Nobody hangs up, gives up or repeats anything: only the lie is wrong.
      random: () => 0.5,
    });
  });
  try {
    await Promise.all(readers.map((reader) => reader.open()));
    await Promise.all(writers.map((writer) => writer.run(new AbortController().signal)));
    const count = chat.messages.length;
    await waitFor('the readers', () => readers.every(({ view }) => view.length >= count));
    const stored = chat.messages.map((message) => ({ ...message, clientId: message.clientId ?? '' }));
    const sent = writers.flatMap((writer) => writer.sent);
    return [
      ...writers.flatMap(({ violations }) => violations),
      ...checkChat({ rooms: [ROOM], stored, sent, readers }),
    ];
  } finally {
    for (const reader of readers) reader.close();
    await fixture.close();
  }
}

function makeLiar({ chat, events }: RealtimeFixture, lie: ChatLie): void {
  const send = chat.send.bind(chat);
  type Sent = ReturnType<FakeChat['send']>;
  let afterNext: (() => void) | undefined;
  let isTold = false;

  const lieOnce = async (...[actor, input]: Parameters<FakeChat['send']>): Sent => {
    if (lie === 'tells late') {
      chat.swallow = 1;
      await send(actor, input).catch(() => undefined);
      const message = await send(actor, input);
      afterNext = () => events.emit('chat-message', message);
      return message;
    }
    if (lie === 'acknowledges without storing') {
      const [before] = chat.messages;
      if (before === undefined) throw new Error('nothing was said before');
      return { ...before, ...input, id: v7(), userId: actor.userId ?? '', seq: 10 };
    }
    const message = await send(actor, input);
    if (lie === 'tells twice') events.emit('chat-message', message);
    if (lie === 'stores twice') {
      await send(actor, { ...input, clientId: v7() });
      chat.messages[10] = { ...message, id: chat.messages[10]?.id ?? '', seq: 11 };
    }
    return message;
  };

  // One after the other, so that it is always the tenth.
  let turn: Promise<unknown> = Promise.resolve();
  chat.send = (actor, input) => {
    const sending: Sent = turn.then(async () => {
      const isNew = !chat.messages.some(({ clientId }) => clientId === input.clientId);
      if (!isTold && isNew && chat.messages.length === 9) {
        isTold = true;
        return lieOnce(actor, input);
      }
      const message = await send(actor, input);
      afterNext?.();
      afterNext = undefined;
      return message;
    });
    turn = sending.catch(() => undefined);
    return sending;
  };
}
