import type { ChatMode } from '@tallylight/protocol/entities/stream.ts';

/** Who may chat, in words for who sets it. */
export const CHAT_MODES: readonly (readonly [ChatMode, string])[] = [
  ['open', 'Everybody who signed in'],
  ['followers', 'Followers'],
  ['subscribers', 'Subscribers'],
  ['disabled', 'Nobody: chat is off'],
];

/** Slow modes that are offered, as seconds in text. */
export const SLOW_MODES: readonly (readonly [string, string])[] = [
  ['0', 'Off'],
  ['5', 'Every 5 s'],
  ['10', 'Every 10 s'],
  ['30', 'Every 30 s'],
  ['60', 'Every minute'],
  ['120', 'Every 2 min'],
];

/** Who may write in a chat, and how often. */
export interface ChatRules {
  readonly mode: ChatMode;
  /** 0: as one likes. */
  readonly slowModeSeconds: number;
}

/** The rules in words for who writes; empty when there are none. */
export function rulesWords({ mode, slowModeSeconds }: ChatRules): string {
  switch (mode) {
    case 'disabled':
      return 'Chat is off.';
    case 'followers':
      return `Only followers can chat.${slowWords(slowModeSeconds, ' ')}`;
    case 'subscribers':
      return `Only subscribers can chat.${slowWords(slowModeSeconds, ' ')}`;
    default:
      return slowWords(slowModeSeconds, '');
  }
}

function slowWords(seconds: number, before: string): string {
  return seconds === 0 ? '' : `${before}Slow mode: one message every ${String(seconds)} s.`;
}
