import { autoModConfig } from '@tallylight/protocol/entities/moderation.ts';
import { describe, expect, test } from 'vitest';
import { HandClock } from '../chat/testing/chat-stage.ts';
import { AutoMod } from './automod.ts';
import { BlockedWords } from './blocked-words.ts';
import { holdsForeignLink, linkedHosts } from './links.ts';

function setUp(change: Record<string, unknown> = {}) {
  const clock = new HandClock();
  const autoMod = new AutoMod({ clock });
  const config = autoModConfig.parse({ enabled: true, ...change });
  const reason = (content: string) => autoMod.check('stream', 'ann', content, config)?.reason;
  return { clock, autoMod, config, reason };
}

describe('AutoMod', () => {
  test('is off by default, with the defaults of nchat', () => {
    expect(autoModConfig.parse({})).toEqual({
      enabled: false,
      profanityFilter: true,
      spamDetection: true,
      linkBlocking: false,
      capsLimit: 80,
      emoteLimit: 20,
      duplicateDetection: true,
      blockedWords: [],
      allowedLinks: [],
    });
    expect(setUp({ enabled: false, blockedWords: ['word'] }).reason('word')).toBeUndefined();
  });

  test('the first finding counts, in the order of nchat', () => {
    const { autoMod, config, reason } = setUp({ linkBlocking: true, blockedWords: ['grape'], emoteLimit: 1 });
    const shouted = 'SEE HTTPS://EXAMPLE.COM :) GRAPE';
    expect(autoMod.check('stream', 'ann', shouted, config)).toEqual({
      reason: 'Message contains prohibited content',
      action: 'delete_message',
    });
    const rest = 'SEE HTTPS://EXAMPLE.COM NOW';
    autoMod.remember('stream', 'ann', rest);
    expect(autoMod.check('stream', 'ann', rest, config)).toEqual({
      reason: 'Too many capital letters',
      action: 'warn',
    });
    const quiet = 'see https://example.com now 😀😀';
    autoMod.remember('stream', 'ann', quiet);
    expect(autoMod.check('stream', 'ann', quiet, config)).toEqual({
      reason: 'Links are not allowed',
      action: 'delete_message',
    });
    autoMod.remember('stream', 'ann', 'no link 😀😀');
    expect(reason('no link 😀😀')).toBe('Duplicate message detected');
    expect(reason('another one 😀😀')).toBe('Too many emotes');
  });

  test('capitals: percent of the letters, in messages longer than ten characters', () => {
    const { reason } = setUp();
    expect(reason('ABCDEFGHIJ')).toBeUndefined();
    expect(reason('ABCDEFGHIJK')).toBe('Too many capital letters');
    expect(reason('ABCDEFGH ij 12')).toBeUndefined();
    expect(reason('ABCDEFGHI j 12')).toBe('Too many capital letters');
    expect(reason('12345678901')).toBeUndefined();
    expect(reason('ÄÖÜÄÖÜÄÖÜÄÖÜ')).toBe('Too many capital letters');
  });

  test('emotes: twenty pass, twenty-one do not; a family is one', () => {
    const { reason } = setUp();
    expect(reason('😀'.repeat(11) + ' a ' + '😎👨‍👩‍👧'.repeat(4) + ':wave:')).toBeUndefined();
    expect(reason('😀😎'.repeat(10))).toBeUndefined();
    expect(reason(`${'😀😎'.repeat(10)}😀`)).toBe('Too many emotes');
  });

  test('the same message again within half a minute, however it is dressed up', () => {
    const { autoMod, clock, reason } = setUp();
    const takeBack = autoMod.remember('stream', 'ann', 'Hello there!');
    expect(reason('  héllo, THERE')).toBe('Duplicate message detected');
    takeBack();
    expect(reason('hello there')).toBeUndefined();
    autoMod.remember('stream', 'ann', 'Hello there!');
    clock.pass(29_999);
    expect(reason('hello there')).toBe('Duplicate message detected');
    clock.pass(1);
    expect(reason('hello there')).toBeUndefined();
    autoMod.remember('other stream', 'ann', 'elsewhere');
    autoMod.remember('stream', 'bob', 'elsewhere');
    expect(reason('elsewhere')).toBeUndefined();
  });

  test('so many people are remembered; for one more, who wrote longest ago is forgotten', () => {
    const { clock, config } = setUp();
    const autoMod = new AutoMod({ clock, people: 3 });
    const people = ['ann', 'bob', 'cid', 'dan'];
    const repeats = () =>
      people.filter((each) => autoMod.check('stream', each, 'hello', config) !== undefined);
    for (const person of people.slice(0, 3)) autoMod.remember('stream', person, 'hello');
    expect(repeats()).toEqual(['ann', 'bob', 'cid']);
    autoMod.remember('stream', 'ann', 'hello again');
    autoMod.remember('stream', 'dan', 'hello');
    expect(repeats()).toEqual(['ann', 'cid', 'dan']);
  });

  test('spam: a character twelve times in a row, a word more than six times', () => {
    const { reason } = setUp();
    expect(reason(`no${'o'.repeat(10)}`)).toBeUndefined();
    expect(reason(`no${'o'.repeat(11)}`)).toBe('Message looks like spam');
    expect(reason('go '.repeat(6))).toBeUndefined();
    expect(reason('go '.repeat(7))).toBe('Message looks like spam');
  });

  test('the worst of messages against the longest of lists takes at most 5 ms', () => {
    const blockedWords = Array.from({ length: 200 }, (_, n) => `${'a*'.repeat(31)}${n % 10}`);
    const { autoMod, config } = setUp({ blockedWords, linkBlocking: true });
    const texts = ['a'.repeat(500), 'a.'.repeat(250), 'a '.repeat(250), '://@'.repeat(125), ':a'.repeat(250)];
    for (const text of texts) {
      autoMod.check('stream', 'ann', text, config);
      const times = Array.from({ length: 20 }, () => {
        const start = performance.now();
        autoMod.check('stream', 'ann', text, config);
        return performance.now() - start;
      });
      // The quickest: the machine may do something else in between.
      expect(Math.min(...times)).toBeLessThan(5);
    }
  });
});

describe('BlockedWords', () => {
  const blocked = new BlockedWords(['grape', 'very bad', 'gra*s', '*zzz*', '*', 'Ünicode']);

  test.each([
    'grape',
    'GRAPE!',
    'a grápe.',
    'ｇｒａｐｅ',
    'gr\u200bape',
    'gr4pe',
    'so very  bad',
    'grandmas',
    'buzzzer',
    'unicode',
  ])('%s is in it', (text) => {
    expect(blocked.isIn(text)).toBe(true);
  });

  test.each(['grapefruit', 'very good, not bad', 'gras mown', 'buzz', '* star', 'verybad'])(
    '%s is not',
    (text) => {
      expect(blocked.isIn(text)).toBe(text === 'gras mown');
    },
  );
});

describe('links', () => {
  test.each([
    ['see https://Example.com/x?y', ['example.com']],
    ['(www.example.org)', ['www.example.org']],
    ['example.com', ['example.com']],
    ['go to evil.example/path now', ['evil.example']],
    ['https://good.example@evil.example/', ['evil.example']],
    ['https://evil.example\\@good.example', ['evil.example']],
    ['ftp://1.2.3.4:21', ['1.2.3.4']],
    ['exa\u200bmple.com', ['example.com']],
    ['end of a sentence.Next one', []],
    ['version 1.2.3 is out... ok', []],
    ['mail me', []],
  ])('%s', (text, hosts) => {
    expect(linkedHosts(text)).toEqual(hosts);
  });

  test('allowed hosts and those below them', () => {
    const allowed = ['example.com'];
    expect(holdsForeignLink('https://example.com https://a.b.example.com', allowed)).toBe(false);
    expect(holdsForeignLink('https://badexample.com', allowed)).toBe(true);
    expect(holdsForeignLink('https://example.com.evil.net', allowed)).toBe(true);
    expect(holdsForeignLink('nothing at all', [])).toBe(false);
  });
});
