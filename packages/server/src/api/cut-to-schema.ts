import { type $ZodType, type $ZodTypes, safeParse } from 'zod/v4/core';

/**
 * What a schema names of a value that is not of it: what fits stays, null stays null, members that are not named or are missing are left
 * out. Undefined where anything else stands in the place of something: nobody knows what that is, so nobody gets it.
 */
export function cutToSchema(schema: $ZodType, value: unknown): { readonly cut: unknown } | undefined {
  const result = safeParse(schema, value);
  if (result.success) return { cut: result.data };
  const { def } = (schema as $ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return cutObject(def.shape, value);
    case 'array':
      return cutArray(def.element, value);
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'readonly':
      return cutToSchema(def.innerType, value);
    case 'lazy':
      return cutToSchema(def.getter(), value);
    default:
      return value === null ? { cut: null } : undefined;
  }
}

function cutObject(
  shape: Readonly<Record<string, $ZodType>>,
  value: unknown,
): { readonly cut: unknown } | undefined {
  if (value === null) return { cut: null };
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const members: [string, unknown][] = [];
  for (const [name, schema] of Object.entries(shape)) {
    const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    if (member === undefined) continue;
    const kept = cutToSchema(schema, member);
    if (kept === undefined) return undefined;
    members.push([name, kept.cut]);
  }
  return { cut: Object.fromEntries(members) };
}

function cutArray(element: $ZodType, value: unknown): { readonly cut: unknown } | undefined {
  if (!Array.isArray(value)) return value === null ? { cut: null } : undefined;
  const elements: unknown[] = [];
  for (const each of value) {
    const kept = cutToSchema(element, each);
    if (kept === undefined) return undefined;
    elements.push(kept.cut);
  }
  return { cut: elements };
}
