import { z } from 'zod';

/** Id of everything that we store. */
export const uuid = z.uuid();
/** ISO 8601 in UTC, such as `2026-11-22T10:00:00.000Z`. */
export const timestamp = z.iso.datetime({ offset: true });
/** `{ "success": true }` */
export const success = z.object({ success: z.literal(true) });
/** Path parameter of everything below a stream. */
export const streamParams = z.object({ id: uuid });
/** A whole page of a list. */
export const page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

/** Whom a message, question or reaction is of, as everybody may see them. */
export const publicUser = z.object({
  id: uuid,
  username: z.string().optional(),
  displayName: z.string().optional(),
  avatarUrl: z.string().optional(),
});
/** See {@link publicUser}. */
export type PublicUser = z.output<typeof publicUser>;
