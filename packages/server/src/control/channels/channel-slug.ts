import { channelSlug } from '@tallylight/protocol/entities/channel.ts';

/** Leaves room for what makes a slug unique. */
const LONGEST = 50;

/** A slug that says what a name says, as far as ASCII can: `Café — Live!` becomes `cafe-live`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '');
  return channelSlug.safeParse(slug).success ? slug : 'channel';
}
