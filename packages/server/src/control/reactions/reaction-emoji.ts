import { type ReactionType, reactionType } from '@tallylight/protocol/entities/talk.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { ReactionInput } from '@tallylight/protocol/routes/reactions.ts';

/** An emoji and the name that nchat has for it, if any. */
export interface NamedEmoji {
  readonly emoji: string;
  readonly reactionType: ReactionType | null;
}

/** The emoji of each of nchat's reactions; the first is the one that stands for the name. Skin tones come besides. */
const EMOJI_OF: Readonly<Record<ReactionType, readonly string[]>> = {
  heart: ['❤️', '❤', '💖', '💗'],
  like: ['👍'],
  fire: ['🔥'],
  clap: ['👏'],
  laugh: ['😂', '🤣', '😆'],
  wow: ['😮', '🤯', '😲'],
  sad: ['😢', '😭'],
  angry: ['😠', '😡'],
};

const TYPE_OF = new Map<string, ReactionType>(
  reactionType.options.flatMap((type) => EMOJI_OF[type].map((emoji) => [emoji, type] as const)),
);

/** Names that nchat's stream page uses for reactions that have another one. */
const ALIASES = new Map<string, ReactionType>([
  ['thumbsup', 'like'],
  ['smile', 'laugh'],
]);

const SKIN_TONES = /\p{Emoji_Modifier}/gu;
/** Recommended sequences, and what newer Unicode versions or keyboards without variation selectors make of pictographs. */
const EMOJI =
  /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}[\p{Emoji_Modifier}\p{Extended_Pictographic}\u{FE0F}\u{200D}]*)$/v;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The emoji that were seen lately, as people send few different ones: what is known to be one need not be looked at again. */
const KNOWN_AT_MOST = 500;

/** Finds out which emoji a caller means. Keeps the answers of the last few hundred. */
export class EmojiReader {
  readonly #known = new Map<string, NamedEmoji>();
  readonly #maxBytes: number;

  /** @param maxBytes Longest emoji in UTF-8. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The emoji of a request, by itself or by the name of a reaction. Throws INVALID_REQUEST for a text that is not exactly one emoji, for
   * an unknown name, and when there is neither.
   */
  read(input: ReactionInput): NamedEmoji {
    if (input.emoji !== undefined) return this.#known.get(input.emoji) ?? this.#learn(input.emoji);
    const name = input.reaction_type ?? input.reactionType ?? input.type;
    if (name === undefined) throw liveError('INVALID_REQUEST', 'emoji or reaction_type is required');
    const type = ALIASES.get(name) ?? reactionType.safeParse(name).data;
    if (type === undefined)
      throw liveError('INVALID_REQUEST', 'Invalid reaction type', { validTypes: reactionType.options });
    return { emoji: EMOJI_OF[type][0] ?? '', reactionType: type };
  }

  #learn(emoji: string): NamedEmoji {
    if (!this.#isOneEmoji(emoji))
      throw liveError('INVALID_REQUEST', `not one emoji: ${JSON.stringify(emoji)}`, {
        validTypes: reactionType.options,
      });
    const named = {
      emoji: emoji === '❤' ? '❤️' : emoji,
      reactionType: TYPE_OF.get(emoji.replace(SKIN_TONES, '')) ?? null,
    };
    if (this.#known.size >= KNOWN_AT_MOST) this.#known.clear();
    this.#known.set(emoji, named);
    return named;
  }

  #isOneEmoji(text: string): boolean {
    if (Buffer.byteLength(text) > this.#maxBytes || !EMOJI.test(text)) return false;
    const [, second] = graphemes.segment(text);
    return second === undefined;
  }
}
