import { z } from 'zod';
import { schemaNames } from './schema-names.ts';

/** A JSON Schema (2020-12) as an object. */
export type JsonSchema = Record<string, unknown>;

const COMPONENTS = '#/components/schemas/';

/** Turns zod's schemas into JSON Schemas that refer to each other by the places an OpenAPI document has for them. */
export class JsonSchemas {
  /** The schemas with names that were met so far, for `components.schemas`. */
  readonly components = new Map<string, JsonSchema>();
  readonly #names = schemaNames();

  /** What a caller sends. */
  input(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, 'input');
  }

  /** What a caller gets. */
  output(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, 'output');
  }

  #convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $defs, ...own } = this.#plain(schema, io);
    // Inputs have names of their own: defaults make an entity differ between the two directions.
    for (const [name, definition] of Object.entries($defs ?? {})) {
      this.components.set(name, relinked(definition) as JsonSchema);
    }
    return relinked(withoutDialect(own)) as JsonSchema;
  }

  #plain(schema: z.ZodType, io: 'input' | 'output'): z.core.JSONSchema.BaseSchema {
    const options = { io, target: 'draft-2020-12', unrepresentable: 'any' } as const;
    return z.toJSONSchema(schema, {
      ...options,
      metadata: io === 'output' ? this.#names : z.registry<{ id: string }>(),
      override: ({ zodSchema, jsonSchema }) => {
        const { def } = zodSchema._zod;
        // `z.preprocess` takes anything in the eyes of zod; what it is meant for is what comes out.
        if (def.type !== 'pipe' || def.in._zod.def.type !== 'transform') return;
        Object.assign(jsonSchema, withoutDialect(z.toJSONSchema(def.out, options)));
      },
    });
  }
}

function withoutDialect(schema: z.core.JSONSchema.BaseSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'));
}

/** `#/$defs/X` is `#/components/schemas/X` in an OpenAPI document. */
function relinked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relinked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', COMPONENTS)
        : relinked(member),
    ]),
  );
}
