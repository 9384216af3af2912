import { describe, expect, test } from 'vitest';
import { EmojiReader } from './reaction-emoji.ts';

const reader = new EmojiReader(40);

describe('the emoji of a reaction', () => {
  test.each([
    ['❤️', 'heart'],
    ['💖', 'heart'],
    ['💗', 'heart'],
    ['👍', 'like'],
    ['👍🏻', 'like'],
    ['👍🏿', 'like'],
    ['🔥', 'fire'],
    ['👏', 'clap'],
    ['👏🏽', 'clap'],
    ['😂', 'laugh'],
    ['🤣', 'laugh'],
    ['😆', 'laugh'],
    ['😮', 'wow'],
    ['🤯', 'wow'],
    ['😲', 'wow'],
    ['😢', 'sad'],
    ['😭', 'sad'],
    ['😠', 'angry'],
    ['😡', 'angry'],
  ])('%s is %s', (emoji, reactionType) => {
    expect(reader.read({ emoji })).toEqual({ emoji, reactionType });
  });

  test('a heart without its variation selector is the red heart', () => {
    expect(reader.read({ emoji: '❤' })).toEqual({ emoji: '❤️', reactionType: 'heart' });
  });

  test.each(['🎉', '🇩🇪', '1️⃣', '👩🏽‍❤️‍💋‍👨🏿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '❤‍🔥'])('%s is an emoji without a name', (emoji) => {
    expect(reader.read({ emoji })).toEqual({ emoji, reactionType: null });
  });

  test.each(['a', '1', '', ' ', '👍👍', '👍x', '<b>', '\u200d', '🏽a', '👍'.padEnd(70, '\u{FE0F}')])(
    '%j is none',
    (emoji) => {
      expect(() => reader.read({ emoji })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    },
  );

  test.each([
    ['heart', '❤️'],
    ['like', '👍'],
    ['fire', '🔥'],
    ['clap', '👏'],
    ['laugh', '😂'],
    ['wow', '😮'],
    ['sad', '😢'],
    ['angry', '😠'],
  ])('%s by name is %s', (name, emoji) => {
    for (const key of ['reaction_type', 'reactionType', 'type'])
      expect(reader.read({ [key]: name })).toEqual({ emoji, reactionType: name });
  });

  test('thumbsup and smile are what the stream page calls them', () => {
    expect(reader.read({ type: 'thumbsup' })).toEqual({ emoji: '👍', reactionType: 'like' });
    expect(reader.read({ type: 'smile' })).toEqual({ emoji: '😂', reactionType: 'laugh' });
  });

  test.each(['party', '__proto__', 'constructor'])('the name %s is refused with the valid ones', (name) => {
    expect(() => reader.read({ reaction_type: name })).toThrow(
      expect.objectContaining({
        message: 'Invalid reaction type',
        details: { validTypes: ['heart', 'like', 'fire', 'clap', 'laugh', 'wow', 'sad', 'angry'] },
      }),
    );
  });

  test('neither is refused', () => {
    expect(() => reader.read({})).toThrow(/emoji or reaction_type is required/);
  });

  test('an emoji of the longest length passes, one byte more is refused', () => {
    const emoji = '👩🏽‍❤️‍💋‍👨🏿';
    expect(new EmojiReader(35).read({ emoji }).emoji).toBe(emoji);
    expect(() => new EmojiReader(34).read({ emoji })).toThrow(/not one emoji/);
  });
});
