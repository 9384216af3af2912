import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import { element } from '../element.ts';

const EMOJI = ['👍', '❤️', '😂', '🔥', '🎉', '👏'] as const;
/** How long a reaction floats, in milliseconds; as long as its animation. */
const FLOAT_MS = 3_000;
/** Reactions that float at the same time: of a burst only so many are shown. */
const MAX_FLOATING = 30;

/** Six reactions to send, and everybody's floating over the picture. */
export class ReactionBar {
  /** The buttons. */
  readonly root = element('div', { className: 'reactions' });
  /** To lie over the picture. */
  readonly floating = element('div', { className: 'floating' });
  readonly #client: RealtimeClient;
  readonly #stops: readonly (() => void)[];

  /** @param isSignedIn false: reactions are seen and not sent. */
  constructor(client: RealtimeClient, streamId: string, isSignedIn: boolean) {
    this.#client = client;
    this.floating.setAttribute('aria-hidden', 'true');
    this.root.hidden = !isSignedIn;
    for (const emoji of EMOJI) {
      const button = element('button', { className: 'button', text: emoji });
      button.setAttribute('aria-label', `React with ${emoji}`);
      button.addEventListener('click', () => {
        // One that is refused is no news: the room sees those that were taken.
        this.#client.request('reaction:send', { streamId, emoji }).catch(() => undefined);
      });
      this.root.append(button);
    }
    this.#stops = [
      client.on('stream:reaction', (reaction) => {
        if (reaction.streamId === streamId) {
          this.#float(reaction.emoji, reaction.positionX);
        }
      }),
      client.on('stream:reaction-burst', ({ streamId: of, bursts }) => {
        for (const { emoji, count } of of === streamId ? bursts : []) {
          for (let shown = 0; shown < Math.min(count, MAX_FLOATING); shown++) {
            this.#float(emoji, undefined);
          }
        }
      }),
    ];
  }

  /** Listens no more. */
  close(): void {
    for (const stop of this.#stops) {
      stop();
    }
  }

  #float(emoji: string, positionX: number | undefined): void {
    if (this.floating.childElementCount >= MAX_FLOATING) {
      return;
    }
    const one = element('span', { text: emoji });
    one.style.insetInlineStart = `${String(positionX ?? 10 + 80 * Math.random())}%`;
    this.floating.append(one);
    setTimeout(() => {
      one.remove();
    }, FLOAT_MS);
  }
}
