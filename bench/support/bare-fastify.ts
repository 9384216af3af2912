/** A Fastify that answers every GET with the bytes of `BODY`: the peer of bench:api. Sends its port to its parent. */

import Fastify from 'fastify';

const body = process.env['BODY'] ?? '{}';
const app = Fastify();
app.get('/*', (_request, reply) => reply.type('application/json; charset=utf-8').send(body));
await app.listen({ port: 0, host: '127.0.0.1' });
const address = app.server.address();
process.send?.(typeof address === 'object' ? address?.port : undefined);
