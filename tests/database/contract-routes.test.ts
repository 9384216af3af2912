import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { ControlServer } from '../support/control-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { CONTRACT_REFUSALS } from './contract/contract-refusals.ts';
import {
  CONTRACT_ROUTES,
  type ContractRoute,
  LATER_ROUTES,
  type StreamState,
} from './contract/contract-routes.ts';

let server: ControlServer;
const ids = { owner: v7(), viewer: v7(), channel: v7() };

beforeAll(async () => {
  server = await ControlServer.start();
  // It answers 503 until its database is ready.
  await waitFor('the API', async () => (await fetch(`${server.url}/api/streams/live`)).ok, 20_000);
  await server.test.database.asService(async (tx) => {
    for (const name of ['owner', 'viewer'] as const)
      await tx.insertInto('users').values({ id: ids[name], username: name, display_name: name }).execute();
    await tx
      .insertInto('nchat_channels')
      .values({ id: ids.channel, name: 'A channel', slug: 'a-channel' })
      .execute();
    await tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: ids.channel, user_id: ids.owner, role: 'owner' })
      .execute();
  });
});
afterAll(() => server.close());

const COLUMNS: Readonly<Record<StreamState, object>> = {
  scheduled: { scheduled_at: '2099-01-01T00:00:00Z' },
  preparing: {},
  live: { started_at: '2026-11-22T10:00:00Z' },
  ended: { started_at: '2026-11-22T10:00:00Z', ended_at: '2026-11-22T11:00:00Z' },
};

/** A stream of the owner in the state, with one message, one viewer and one reaction if it is live. */
async function makeStream(
  status: StreamState,
  columns: object = {},
): Promise<{ id: string; messageId: string }> {
  const [id, messageId] = [v7(), v7()];
  await server.test.database.asService(async (tx) => {
    await tx
      .insertInto('nchat_streams')
      .values({
        ...{
          id,
          channel_id: ids.channel,
          broadcaster_id: ids.owner,
          title: 'A stream',
          description: 'Words',
          status,
        },
        ...{ thumbnail_url: '/poster.jpg', enable_qa: true, ...COLUMNS[status], ...columns },
      })
      .execute();
    if (status !== 'live') return;
    await tx.insertInto('nchat_stream_chat_counters').values({ stream_id: id, last_seq: 1 }).execute();
    await tx
      .insertInto('nchat_stream_chat_messages')
      .values({ id: messageId, stream_id: id, user_id: ids.viewer, content: 'hi', seq: 1, client_id: 'c1' })
      .execute();
    await tx
      .insertInto('nchat_stream_reactions')
      .values({ id: v7(), stream_id: id, user_id: ids.viewer, emoji: '🎉' })
      .execute();
    await tx
      .insertInto('nchat_stream_viewers')
      .values({ id: v7(), stream_id: id, user_id: ids.viewer, session_id: 'session-1' })
      .execute();
  });
  return { id, messageId };
}

/** A stream that is published to with the key that its create answered with, as the ingest lets it in. */
async function makePublished(): Promise<{ id: string; messageId: string }> {
  const body = {
    channelId: '$channel',
    title: 'A stream',
    description: 'Words',
    thumbnailUrl: '/poster.jpg',
  };
  const none = { id: v7(), messageId: v7() };
  const made = await ask({ route: 'POST /api/streams', as: 'owner', body }, none);
  const { id } = made.body as { id: string };
  const shown = await ask(
    { route: 'POST /api/streams/:id/regenerate-key', as: 'owner', body: {} },
    { ...none, id },
  );
  const { streamKey } = shown.body as { streamKey: string };
  const decision = await server.plane.publishAuthorizer.authorize({
    ...{ protocol: 'rtmp', app: 'live', peer: 'test', streamKey },
  });
  if (!decision.allowed) throw new Error(decision.reason);
  server.live.connect(decision.streamId, decision.keyId);
  return { ...none, id };
}

interface Asked {
  readonly route: string;
  readonly as: ContractRoute['as'];
  readonly query?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

async function ask(
  asked: Asked,
  stream: { id: string; messageId: string },
): Promise<{ status: number; body: unknown }> {
  const [method = '', path = ''] = asked.route.split(' ');
  const named = (text: string): string =>
    text.replace(/\$(owner|viewer|channel)/g, (_, name: keyof typeof ids) => ids[name]);
  const address = path
    .replace(':id', stream.id)
    .replace(':messageId', stream.messageId)
    .replace(':userId', ids.owner);
  const response = await fetch(
    `${server.url}${address}${asked.query === undefined ? '' : `?${named(asked.query)}`}`,
    {
      method,
      headers: {
        ...(asked.as === 'nobody' ? {} : { Authorization: `Bearer ${await server.tokenOf(ids[asked.as])}` }),
        ...(asked.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(asked.body === undefined ? {} : { body: named(JSON.stringify(asked.body)) }),
    },
  );
  return { status: response.status, body: await response.json() };
}

/** The members of an answer as paths, such as `viewers[].id`; of an array its first element stands for all. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : pathsOf(value[0], `${prefix}[]`);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [path, ...pathsOf(member, path)];
  });
}

function toCamelCase(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The text of the schema's members: an optional one is at least there. */
function schemaNames(asked: string): Set<string> {
  const [method, path = ''] = asked.split(' ');
  const route = ALL_ROUTES.find((each) => each.method === method && shape(each.path) === shape(path));
  const names = new Set<string>();
  const visit = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null || !('def' in schema)) return;
    const def: unknown = schema.def;
    if (typeof def !== 'object' || def === null) return;
    if ('shape' in def && typeof def.shape === 'object' && def.shape !== null)
      for (const [name, member] of Object.entries(def.shape)) {
        names.add(name);
        visit(member);
      }
    if ('innerType' in def) visit(def.innerType);
    if ('element' in def) visit(def.element);
  };
  visit(route?.response);
  return names;
}

const shape = (path: string): string => path.replace(/:\w+/g, ':');

describe('routes (contract §4.1–§4.3)', () => {
  test('the server answers what is in the table of routes', async () => {
    const served = new Set(await server.operations());
    expect(
      ALL_ROUTES.map(({ operation }) => operation).filter((operation) => !served.has(operation)),
    ).toEqual([]);
  });

  test('each is in the table of routes', () => {
    const served = new Set(ALL_ROUTES.map(({ method, path }) => `${method} ${shape(path)}`));
    expect(CONTRACT_ROUTES.map(({ route }) => shape(route)).filter((route) => !served.has(route))).toEqual(
      [],
    );
  });

  test('what belongs to features that are not there yet is answered by none', () => {
    const served = new Set(ALL_ROUTES.map(({ method, path }) => `${method} ${shape(path)}`));
    expect(LATER_ROUTES.filter((route) => served.has(shape(route)))).toEqual([]);
  });

  test.each(
    CONTRACT_ROUTES.map(
      (each) => [`${each.route} ${JSON.stringify(each.body ?? '').slice(0, 40)}`, each] as const,
    ),
  )('%s answers with every field, in both spellings', async (_name, contract) => {
    const stream = await (contract.isPublishing === true ? makePublished() : makeStream(contract.state));
    const { status, body } = await ask(contract, stream);
    expect({ status, body: status < 300 ? {} : body }).toEqual({ status: 200, body: {} });
    const there = new Set(pathsOf(body));
    const known = schemaNames(contract.route);
    const missing = contract.fields.filter((field) => {
      if (field.endsWith('?')) return !known.has(toCamelCase(field.slice(0, -1).split('.').at(-1) ?? ''));
      return [field, toCamelCase(field)].some((spelling) => !there.has(spelling));
    });
    expect(missing).toEqual([]);
  });

  test('the key is for owners only, and masked', async () => {
    const stream = await makeStream('live');
    for (const as of ['nobody', 'viewer'] as const) {
      const { body } = await ask({ route: 'GET /api/streams/:id', as }, stream);
      expect(pathsOf(body).filter((path) => /stream_?key|ingest_?url/i.test(path))).toEqual([]);
    }
  });
});

describe('refusals (contract §4.1)', () => {
  test.each(
    CONTRACT_REFUSALS.map(
      (each) => [`${each.route} as ${each.as}: ${each.status} ${each.code}`, each] as const,
    ),
  )('%s', async (_name, refusal) => {
    const stream = await makeStream(refusal.state, refusal.stream);
    const { status, body } = await ask(refusal, { ...stream, id: refusal.id ?? stream.id });
    expect({ status, body }).toMatchObject({
      status: refusal.status,
      body: { code: refusal.code, error: expect.stringMatching(/\w/) },
    });
    const { error } = body as { error: string };
    expect(error.slice(0, (refusal.words ?? '').length)).toBe(refusal.words ?? '');
  });
});
