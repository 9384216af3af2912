import { z } from 'zod';

/** A place in a JSON body, with what its schema says is there. */
export interface Place {
  /** Members and indices from the body's top. */
  readonly path: readonly (string | number)[];
  readonly types: ReadonlySet<string>;
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Every place of a body that its schema names, of lists the first element. */
export function placesOf(body: z.ZodType): readonly Place[] {
  // Members of a `z.preprocess` are in what comes out.
  const input = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Schema;
  const output = z.toJSONSchema(body, { io: 'output', unrepresentable: 'any' }) as Schema;
  const found = new Map<string, Place>();
  for (const schema of [output, input])
    for (const place of below(schema, [])) found.set(place.path.join('.'), place);
  return [...found.values()];
}

function below(schema: Schema, path: readonly (string | number)[]): Place[] {
  const options = [schema, ...(schema.anyOf ?? [])];
  const types = new Set(options.flatMap(({ type }) => type ?? []));
  const here: Place[] = path.length === 0 ? [] : [{ path, types }];
  const inside = options.flatMap(({ properties, items }) => [
    ...Object.entries(properties ?? {}).flatMap(([name, member]) => below(member, [...path, name])),
    ...(items === undefined ? [] : below(items, [...path, 0])),
  ]);
  return [...here, ...inside];
}

/** Text that JSON can say and that somebody below may choke on, as JSON. */
export const HOSTILE_TEXTS: readonly string[] = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"a\\udfff\\ud800b"',
  '"\\u202eevil"',
  '"\\u0001\\u001b[31m\\r\\n"',
  '"\\ufeff\\u200b"',
  '""',
  '" "',
  `"${'x'.repeat(10_000)}"`,
  `"${'👨‍👩‍👧‍👦'.repeat(300)}"`,
  `"${'\u0301'.repeat(3000)}"`,
  '"%00"',
  '"\'; DROP TABLE users; --"',
  '"$(id)"',
  '"9999-12-31T23:59:59.999Z"',
  '"0000-01-01T00:00:00Z"',
  '"-271821-04-20T00:00:00.000Z"',
  '"00000000-0000-0000-0000-000000000000"',
];

/** Numbers at and beyond the ends of what machines count with, as JSON. */
export const HOSTILE_NUMBERS: readonly string[] = [
  ...['0', '-0', '-1', '1.5', '1e-320', '2147483647', '2147483648', '-2147483649', '4294967296'],
  ...['9007199254740991', '9007199254740993', '9223372036854775808', '1e21', '1.7976931348623157e308'],
  ...['1e400', '-1e400'],
];

/** Values of every other kind, as JSON. */
export const HOSTILE_OTHERS: readonly string[] = [
  ...['null', 'true', '[]', '{}', '[null]', '[[]]', '{"a":{}}', '{"length":1e9}', '["x",1,null]'],
  ...[`[${'"a",'.repeat(999)}"a"]`, '{"toString":1,"valueOf":1}', '{"then":1}'],
];

/** The body with one place set to what a text of JSON says, as text: so that what no parser could make can be sent. */
export function withValue(body: object, path: readonly (string | number)[], json: string): string {
  const mark = '\u241fhere\u241f';
  const copy = structuredClone(body) as Record<string | number, unknown>;
  let at = copy;
  for (const [index, name] of path.slice(0, -1).entries()) {
    const inner = at[name];
    if (typeof inner !== 'object' || inner === null) at[name] = typeof path[index + 1] === 'number' ? [] : {};
    at = at[name] as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = mark;
  return JSON.stringify(copy).replace(JSON.stringify(mark), () => json);
}
