/** `npm run bench:api`: the API under 300 mixed requests a second, and as fast as it goes beside a bare Fastify that answers the same bytes. */

import { fork } from 'node:child_process';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { type Person, Product } from '../tests/support/product.ts';
import { option, report, round } from './support/report.ts';

const SECONDS = option('seconds', 15);
const CONNECTIONS = option('connections', 20);
/** Requests a second of the mixed load. */
const RATE = option('rate', 300);

/** No limit on how often one address asks: all of it comes from here. */
const LIMITS = {
  API_REQUESTS_PER_MINUTE: '1000000',
  API_ANONYMOUS_REQUESTS_PER_MINUTE: '1000000',
  CHAT_MESSAGES_PER_SECOND: '1000',
  CHAT_BURST: '1000',
  CHAT_ROOM_MESSAGES_PER_SECOND: '1000',
};

type Row = {
  readonly load: string;
  readonly 'requests/s': number;
  readonly 'p50 ms': number;
  readonly 'p99 ms': number;
  /** Answers that were no success. */
  readonly refused: number;
};

async function run(load: string, options: autocannon.Options): Promise<Row> {
  const result = await autocannon({ connections: CONNECTIONS, duration: SECONDS, ...options });
  return {
    load,
    'requests/s': round(result.requests.average, 0),
    'p50 ms': round(result.latency.p50, 1),
    'p99 ms': round(result.latency.p99, 1),
    refused: result.non2xx + result.errors + result.timeouts,
  };
}

/** The peer: another process, the same framework, no database, the bytes that our answer has. */
async function withBareFastify<T>(body: string, work: (url: string) => Promise<T>): Promise<T> {
  const child = fork(join(import.meta.dirname, 'support/bare-fastify.ts'), {
    env: { ...process.env, BODY: body },
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve(Number(message)));
      child.once('exit', () => reject(new Error('the bare server exited')));
    });
    return await work(`http://127.0.0.1:${port}`);
  } finally {
    child.kill();
  }
}

const product = await Product.start({ env: LIMITS });
try {
  const owner = await product.signUp('Owner');
  const stream = await owner.stream();
  const headers = { Authorization: `Bearer ${owner.token}` };
  const json = { ...headers, 'Content-Type': 'application/json' };
  const { url } = product.server;
  const one = `/api/streams/${stream.id}`;
  const body = await (await fetch(url + one)).text();
  const read = await run('read one stream, nobody signed in', { url: url + one });
  // Everybody on a connection of their own: what is known of one of them is of no use to the others.
  const people: Person[] = [];
  for (let index = 0; index < CONNECTIONS; index++) people.push(await product.signUp(`Viewer${index}`));
  let next = 0;
  const own = await run('read one stream, signed in', {
    url: url + one,
    setupClient: (client) => {
      client.setHeaders({ Authorization: `Bearer ${people[next++ % people.length]?.token}` });
    },
  });
  const bare = await withBareFastify(body, (peer) => run('bare Fastify, the same bytes', { url: peer }));
  const mixed = await run(`mixed, ${RATE} requests/s`, {
    url,
    overallRate: RATE,
    requests: [
      { method: 'GET', path: '/api/streams/live' },
      { method: 'GET', path: one, headers },
      { method: 'GET', path: `${one}/chat?limit=50`, headers },
      { method: 'GET', path: '/api/me', headers },
      { method: 'PATCH', path: one, headers: json, body: JSON.stringify({ title: 'Another title' }) },
    ],
  });
  report(`API, ${CONNECTIONS} connections for ${SECONDS} s`, [read, own, bare, mixed], {
    readPerSec: read['requests/s'],
    ownPerSec: own['requests/s'],
    bareRatio: round(read['requests/s'] / bare['requests/s'], 3),
    ownBareRatio: round(own['requests/s'] / bare['requests/s'], 3),
    mixedP99Ms: mixed['p99 ms'],
    mixedRefused: mixed.refused,
  });
} finally {
  await product.stop();
}
