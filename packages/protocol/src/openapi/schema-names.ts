import { z } from 'zod';
import * as account from '../entities/account.ts';
import * as moderation from '../entities/moderation.ts';
import * as stream from '../entities/stream.ts';
import * as talk from '../entities/talk.ts';
import * as viewing from '../entities/viewing.ts';

/** A registry of the entities under the names that the API's description gives them: `chatMessage` is `ChatMessage`. */
export function schemaNames(): z.core.$ZodRegistry<{ id: string }> {
  const names = z.registry<{ id: string }>();
  for (const [name, value] of [account, moderation, stream, talk, viewing].flatMap(Object.entries)) {
    if (value instanceof z.ZodObject)
      names.add(value, { id: name.slice(0, 1).toUpperCase() + name.slice(1) });
  }
  return names;
}
