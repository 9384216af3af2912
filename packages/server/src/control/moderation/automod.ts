import type { AutoModConfig } from '@tallylight/protocol/entities/moderation.ts';
import type { Clock } from '../../platform/clock.ts';
import { BlockedWords, plainWords } from './blocked-words.ts';
import { holdsForeignLink } from './links.ts';

/** What automatic moderation found. */
export interface AutoModFinding {
  readonly reason: string;
  readonly action: 'delete_message' | 'warn';
}

/** A message counts as the same one again for so long, in milliseconds. */
const DUPLICATE_MS = 30_000;
/** Last messages of one person that are compared. */
const REMEMBERED = 5;
/** The same character so often in a row, or the same word so often in a message, is spam. */
const REPEATED_CHARACTERS = 12;
const REPEATED_WORDS = 6;

/** What the profanity filter takes out in every stream; a stream's own list adds to it. */
const PROFANITY = new BlockedWords(
  'fuck* motherfuck* shit bullshit shithead cunt* asshole* bitch* bastard* dickhead* wanker* twat* whore* slut* faggot* nigger* kike* retard retarded'.split(
    ' ',
  ),
);

/** Checks what messages say. It remembers people's last messages, and nothing else of them. */
export class AutoMod {
  readonly #clock: Clock;
  readonly #people: number;
  readonly #lists = new WeakMap<AutoModConfig, BlockedWords>();
  readonly #said = new Map<string, { readonly text: string; readonly atMs: number }[]>();

  /** @param options `people`: of how many the last messages are remembered; beyond them who wrote longest ago is forgotten. Default 20 000. */
  constructor(options: { readonly clock: Clock; readonly people?: number }) {
    this.#clock = options.clock;
    this.#people = options.people ?? 20_000;
  }

  /** The first thing wrong with a message, or undefined. */
  check(
    streamId: string,
    userId: string,
    content: string,
    config: AutoModConfig,
  ): AutoModFinding | undefined {
    if (!config.enabled) return undefined;
    if ((config.profanityFilter && PROFANITY.isIn(content)) || this.#listOf(config).isIn(content)) {
      return { reason: 'Message contains prohibited content', action: 'delete_message' };
    }
    if (isShouted(content, config.capsLimit)) return { reason: 'Too many capital letters', action: 'warn' };
    if (config.linkBlocking && holdsForeignLink(content, config.allowedLinks)) {
      return { reason: 'Links are not allowed', action: 'delete_message' };
    }
    if (config.duplicateDetection && this.#saidBefore(streamId, userId, content)) {
      return { reason: 'Duplicate message detected', action: 'warn' };
    }
    if (emotesIn(content) > config.emoteLimit) return { reason: 'Too many emotes', action: 'warn' };
    if (config.spamDetection && isSpam(content)) return { reason: 'Message looks like spam', action: 'warn' };
    return undefined;
  }

  /** Remembers a message that is said; returns the way to forget it again, should it not be. */
  remember(streamId: string, userId: string, content: string): () => void {
    const key = `${streamId}/${userId}`;
    const said = this.#said.get(key) ?? [];
    const entry = { text: sameness(content), atMs: this.#clock.monotonicMs() };
    said.push(entry);
    if (said.length > REMEMBERED) said.shift();
    this.#said.delete(key);
    this.#said.set(key, said);
    if (this.#said.size > this.#people) {
      const [oldest] = this.#said.keys();
      if (oldest !== undefined) this.#said.delete(oldest);
    }
    return () => {
      const at = said.indexOf(entry);
      if (at >= 0) said.splice(at, 1);
    };
  }

  #saidBefore(streamId: string, userId: string, content: string): boolean {
    const sinceMs = this.#clock.monotonicMs() - DUPLICATE_MS;
    const text = sameness(content);
    return (
      this.#said.get(`${streamId}/${userId}`)?.some((said) => said.atMs > sinceMs && said.text === text) ??
      false
    );
  }

  #listOf(config: AutoModConfig): BlockedWords {
    const known = this.#lists.get(config);
    if (known !== undefined) return known;
    const list = new BlockedWords(config.blockedWords);
    this.#lists.set(config, list);
    return list;
  }
}

/** Texts that differ in case, accents, spaces and punctuation alone are the same; one of signs alone is itself. */
function sameness(content: string): string {
  const words = plainWords(content);
  return words.length > 0 ? words.join(' ') : content;
}

/** nchat's rule: only messages longer than 10 characters, and percent of the letters. */
function isShouted(content: string, capsLimit: number): boolean {
  if (content.length <= 10) return false;
  const letters = content.match(/\p{L}/gu)?.length ?? 0;
  const capitals = content.match(/\p{Lu}/gu)?.length ?? 0;
  return letters > 0 && (capitals * 100) / letters > capsLimit;
}

function emotesIn(content: string): number {
  const pictures = content.match(/\p{RGI_Emoji}/gv)?.length ?? 0;
  return pictures + (content.match(/:[a-z0-9_+-]{2,32}:/gi)?.length ?? 0);
}

function isSpam(content: string): boolean {
  let run = 0;
  let previous = '';
  for (const character of content) {
    run = character === previous ? run + 1 : 1;
    previous = character;
    if (run >= REPEATED_CHARACTERS && character.trim() !== '') return true;
  }
  const times = new Map<string, number>();
  for (const word of plainWords(content)) {
    const count = (times.get(word) ?? 0) + 1;
    if (count > REPEATED_WORDS) return true;
    times.set(word, count);
  }
  return false;
}
