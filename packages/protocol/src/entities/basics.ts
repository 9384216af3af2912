import { z } from 'zod';

/** Id of everything that we store. */
export const uuid = z.uuid();
/** ISO 8601 in UTC, such as `2026-11-22T10:00:00.000Z`. */
export const timestamp = z.iso.datetime({ offset: true });
/** A time that a caller gives: with offsets and years beyond these no date of ours, and none of PostgreSQL's, has the same form again. */
export const givenTime = timestamp.refine((text) => {
  const ms = Date.parse(text);
  return ms >= 0 && ms < Date.UTC(10_000, 0);
}, 'must be a time from 1970 to 9999');
/**
 * Percent of the picture's width or height. Kept as a 32-bit number: what is nothing there is 0 here, or PostgreSQL would refuse it, and
 * with it all that is written with it.
 */
export const percent = z.number().min(0).max(100).overwrite(Math.fround);
/** Words for which being sent counts more than being right to the last character: NUL goes, half of a surrogate pair becomes U+FFFD. */
export const lenientText = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength)
    .overwrite((text) => text.toWellFormed().replaceAll('\0', ''));
/** `{ "success": true }` */
export const success = z.object({ success: z.literal(true) });
/** Path parameter of everything below a stream. */
export const streamParams = z.object({ id: z.uuid('Invalid stream ID') });
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
