import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LivestreamError } from '@tallylight/protocol/errors.ts';
import { NOBODY } from '../../../api/actor.ts';
import { Database } from '../../../db/database.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import { ModerationService } from '../../moderation/moderation-service.ts';
import { ChatCuration } from '../chat-curation.ts';
import { DEFAULT_CHAT_LIMITS } from '../chat-limits.ts';
import { ChatService } from '../chat-service.ts';
import { actorOf } from './chat-stage.ts';

// A server with the chat alone, to be killed. It believes what it is told of who calls: for tests on loopback only.

interface Call {
  readonly userId: string;
  readonly streamId: string;
  readonly content?: string;
  readonly clientId?: string;
  readonly messageId?: string;
  readonly target?: string;
}

const url = process.env['CHAT_DATABASE_URL'];
if (url === undefined) throw new Error('CHAT_DATABASE_URL is not set');
const database = new Database({ url, log: silentLogger });
const events = new ControlEvents();
const limits = {
  ...DEFAULT_CHAT_LIMITS,
  userPerSec: 1e6,
  userBurst: 1e6,
  roomPerSec: 1e6,
  totalsMs: 500,
};
const chat = new ChatService({ database, events, clock: systemClock, log: silentLogger, limits });
const curation = new ChatCuration({ database, events, limits });
const moderation = new ModerationService({ database, events, settled: () => chat.settled() });

const actions: Readonly<Record<string, (call: Call) => Promise<unknown>>> = {
  '/send': ({ userId, streamId, content, clientId }) =>
    chat.send(actorOf(userId), { streamId, content, clientId }),
  '/ban': ({ userId, streamId, target = '' }) =>
    moderation.banUser(actorOf(userId), streamId, { userId: target }),
  '/delete': async ({ userId, streamId, messageId = '' }) => {
    await curation.delete(actorOf(userId), streamId, messageId);
    return {};
  },
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const streamId = searchParams.get('streamId') ?? '';
  if (pathname === '/events') {
    watch(streamId, response);
    return;
  }
  const afterSeq = Number(searchParams.get('afterSeq'));
  const action = actions[pathname];
  const work =
    action === undefined
      ? chat.history(NOBODY, streamId, { limit: 200, afterSeq })
      : readCall(request).then(action);
  work.then(
    (answer) => reply(response, 200, answer),
    (error: unknown) => {
      const known = error instanceof LivestreamError ? error : new LivestreamError(String(error), 'INTERNAL');
      reply(response, known.statusCode, { code: known.code, message: known.message });
    },
  );
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});

process.stdin.on('end', () => process.exit()).resume();

function watch(streamId: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.write('{"hello":true}\n');
  const tell = (message: { readonly streamId: string }): void => {
    if (message.streamId === streamId) response.write(`${JSON.stringify(message)}\n`);
  };
  events.on('chat-message', tell);
  response.on('close', () => events.off('chat-message', tell));
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString()) as Call;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
