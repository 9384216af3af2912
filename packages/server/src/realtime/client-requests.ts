import { liveError } from '@tallylight/protocol/errors.ts';
import {
  type Acknowledgement,
  CLIENT_EVENTS,
  type ClientAnswer,
  type ClientEvent,
  type ClientRequest,
} from '@tallylight/protocol/realtime/client-events.ts';
import { z } from 'zod';
import type { Actor } from '../api/actor.ts';
import { checked } from '../api/checked.ts';
import { refuseUnentitled } from '../api/entitlement.ts';
import type { Logger } from '../platform/logger.ts';
import { isRefusal, publicError } from './handshake.ts';
import type { Members } from './members.ts';
import type { ChatPort, QuestionPort, ReactionPort, ViewerPresence } from './ports.ts';
import type { RoomSocket } from './room-socket.ts';

/** Whom the requests of clients are for. */
export interface RequestPorts {
  readonly members: Members;
  readonly presence: ViewerPresence;
  readonly chat: ChatPort;
  readonly reactions: ReactionPort;
  readonly questions: QuestionPort;
  readonly log: Logger;
}

type Handlers = {
  readonly [E in ClientEvent]: (request: ClientRequest<E>, actor: Actor) => Promise<ClientAnswer<E>>;
};

/** Anybody; who signed in; who signed in and changes something. */
const DOORS = {
  anybody: { access: 'public', method: 'GET' },
  person: { access: 'user', method: 'POST' },
} as const;
const OPEN_TO_ANYBODY: ReadonlySet<string> = new Set<ClientEvent>([
  'stream:join',
  'stream:leave',
  'chat:history',
  'viewer:heartbeat',
]);

/** Takes what a client asks: validated, then to the service that has the rules; the outcome goes back as the acknowledgement. */
export function takeRequests(socket: RoomSocket, ports: RequestPorts): void {
  const handlers = handlersOf(socket, ports);
  for (const event of Object.keys(CLIENT_EVENTS) as ClientEvent[]) {
    const handler = handlers[event] as (request: unknown, actor: Actor) => Promise<object>;
    socket.on(event, (payload: unknown, answer: unknown) => {
      void acknowledge(answer, ports.log, event, () => {
        const { actor } = socket.data;
        refuseUnentitled(OPEN_TO_ANYBODY.has(event) ? DOORS.anybody : DOORS.person, actor, 0, 0);
        return handler(checked(CLIENT_EVENTS[event].request, payload, 'body'), actor);
      });
    });
  }
  takeContractEvents(socket, ports);
}

function handlersOf(socket: RoomSocket, ports: RequestPorts): Handlers {
  const { members, presence, chat, reactions, questions } = ports;
  return {
    'stream:join': async ({ streamId, sessionId }) => {
      const { moderates } = await members.enter(socket, { streamId, sessionId });
      return { viewerCount: presence.count(streamId), isModerator: moderates };
    },
    'stream:leave': async ({ streamId }) => {
      members.leave(socket, streamId);
      return {};
    },
    'chat:send': async (request, actor) => ({ message: await chat.send(actor, request) }),
    'chat:delete': async ({ streamId, messageId }, actor) => {
      await chat.delete(actor, streamId, messageId);
      return {};
    },
    'chat:pin': async ({ streamId, messageId }, actor) => {
      await chat.pin(actor, streamId, messageId);
      return {};
    },
    'chat:unpin': async ({ streamId, messageId }, actor) => {
      await chat.unpin(actor, streamId, messageId);
      return {};
    },
    'chat:history': async (request, actor) => {
      const { epoch, lastSeq, messages } = await chat.since(actor, request);
      return { epoch, lastSeq, messages: [...messages] };
    },
    'reaction:send': async (request, actor) => {
      await reactions.react(actor, request);
      return {};
    },
    'question:ask': async (request, actor) => ({ question: await questions.ask(actor, request) }),
    'question:upvote': async (request, actor) => ({ question: await questions.upvote(actor, request) }),
    'viewer:heartbeat': async (request, actor) => {
      if (socket.data.memberships.get(request.streamId)?.playback?.sessionId !== request.sessionId) {
        throw liveError('NOT_FOUND', `this connection does not play ${request.sessionId}: join first`);
      }
      await presence.heartbeat(actor, request);
      return {};
    },
  };
}

const joined = z.object({ streamId: z.uuid(), sessionId: z.string().min(8).max(64).optional() });
const channel = z.object({ channelId: z.uuid() });
const started = z.object({ streamId: z.uuid() });

/**
 * What nchat's clients send. Their chat messages, reactions and pins are not among them on purpose: they repeat what the API has answered
 * and told already, and anybody could forge them.
 */
function takeContractEvents(socket: RoomSocket, { members, log }: RequestPorts): void {
  socket.on('stream:viewer-joined', (payload: unknown, answer: unknown) => {
    void acknowledge(answer, log, 'stream:viewer-joined', async () => {
      enterable(socket);
      const { streamId, sessionId } = checked(joined, payload, 'body') as z.output<typeof joined>;
      await members.enter(socket, { streamId, sessionId });
      return {};
    });
  });
  socket.on('stream:viewer-left', (payload: unknown, answer: unknown) => {
    void acknowledge(answer, log, 'stream:viewer-left', async () => {
      members.leave(socket, (checked(joined, payload, 'body') as z.output<typeof joined>).streamId);
      return {};
    });
  });
  socket.on('channel:join', (payload: unknown, answer: unknown) => {
    void acknowledge(answer, log, 'channel:join', async () => {
      enterable(socket);
      const { channelId } = checked(channel, payload, 'body') as z.output<typeof channel>;
      await members.enter(socket, { streamId: channelId, isChannel: true });
      return {};
    });
  });
  socket.on('channel:leave', (payload: unknown, answer: unknown) => {
    void acknowledge(answer, log, 'channel:leave', async () => {
      members.leave(socket, (checked(channel, payload, 'body') as z.output<typeof channel>).channelId);
      return {};
    });
  });
  // nchat's broadcaster sends this and nothing else, then waits for viewer counts: it starts nothing, but it shows where it listens.
  socket.on('stream:start', (payload: unknown, answer: unknown) => {
    void acknowledge(answer, log, 'stream:start', async () => {
      enterable(socket);
      const { streamId } = checked(started, payload, 'body') as z.output<typeof started>;
      await members.enter(socket, { streamId });
      return {};
    });
  });
}

/** Rejects who may not even do what anybody may, such as an API token that may not read. */
function enterable({ data: { actor } }: RoomSocket): void {
  refuseUnentitled(DOORS.anybody, actor, 0, 0);
}

/** Does it, and tells the client what came of it, if it wants to know. */
async function acknowledge(
  answer: unknown,
  log: Logger,
  event: string,
  work: () => Promise<object>,
): Promise<void> {
  let outcome: Acknowledgement<object>;
  try {
    outcome = { ok: true, ...(await work()) };
  } catch (error) {
    if (!isRefusal(error)) log.error({ err: error, event }, 'a request of a client failed');
    outcome = { ok: false, error: publicError(error) };
  }
  if (typeof answer === 'function') answer(outcome);
}
