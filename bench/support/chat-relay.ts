/** A process with a bare Socket.IO server: a message goes to everybody in its room and is acknowledged. Nothing is checked or stored. */

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

// The version that the product uses.
const { Server } = createRequire(new URL('../../packages/server/package.json', import.meta.url))(
  'socket.io',
) as typeof import('../../node_modules/socket.io/dist/index.d.ts');

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
let seq = 0;

type Answer = (answer: object) => void;

io.on('connection', (socket) => {
  const user = { id: randomUUID(), username: 'u123456789012', displayName: 'Somebody' };
  socket.on('stream:join', ({ streamId }: { streamId: string }, answer: Answer) => {
    void socket.join(streamId);
    answer({ ok: true, viewerCount: 0, isModerator: false });
  });
  socket.on('chat:send', (sent: { streamId: string; content: string; clientId: string }, answer: Answer) => {
    // As long as a message of ours.
    const message = {
      ...{ id: randomUUID(), streamId: sent.streamId, userId: user.id, content: sent.content, seq: ++seq },
      ...{ clientId: sent.clientId, isPinned: false, isDeleted: false, isHighlighted: false },
      ...{ createdAt: new Date().toISOString(), user },
    };
    io.to(sent.streamId).emit('stream:chat-message', message);
    answer({ ok: true, message });
  });
});
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
