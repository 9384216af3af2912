import type { PlayerState } from './player-state.ts';
import type { WhepFailureCode } from './whep-failure.ts';
import type { WhepPhase } from './whep-policy.ts';

/** How the picture comes: WebRTC, hls.js, or the browser's own HLS. */
export type Transport = 'll-hls' | 'whep' | 'native-hls';

/** What is known of WHEP. */
export interface WhepFacts {
  readonly phase: WhepPhase;
  /** The viewer wants ultra-low latency. */
  readonly wanted: boolean;
  /** The viewer leaves the rendition to the player. */
  readonly auto: boolean;
  readonly failure: WhepFailureCode | undefined;
}

/** What decides the words. */
export interface TransportFacts extends WhepFacts {
  /** See {@link playsByHls}. */
  readonly playsByHls: boolean;
}

/** What happened, and what the viewer gets instead; the next step stands behind it. */
const WORDS: Readonly<Record<WhepFailureCode, string>> = {
  full: 'All places for ultra-low latency are taken.',
  unavailable: 'This stream has no picture that WebRTC can show.',
  'not-live': 'This stream is not on air by WebRTC.',
  forbidden: 'This stream is private. Sign in with an invited account.',
  refused: 'The server refused ultra-low latency.',
  busy: 'The server cannot give ultra-low latency now.',
  unreachable: 'The server did not answer.',
  'udp-blocked': 'UDP seems blocked on this network.',
  'no-media': 'No picture came by WebRTC.',
  lost: 'The WebRTC connection broke off.',
  unsupported: 'This browser cannot play H.264 by WebRTC.',
};

/** Failures that the network test can say more about. */
const OF_NETWORK: ReadonlySet<WhepFailureCode> = new Set(['udp-blocked', 'no-media', 'lost']);

/** One or two sentences that say why the picture comes the way it does. Always something: the stats show it as it is. */
export function transportWords(facts: TransportFacts): string {
  const { phase, wanted, auto, failure } = facts;
  if (!wanted) {
    return 'Ultra-low latency is off.';
  }
  if (failure === 'unsupported') {
    return facts.playsByHls ? `${WORDS.unsupported} It plays with a little more delay.` : WORDS.unsupported;
  }
  if (!auto) {
    return 'You chose a quality. Choose Auto for ultra-low latency.';
  }
  switch (phase) {
    case 'playing':
      return 'Ultra-low latency is on.';
    case 'recovering':
      return 'The WebRTC connection broke off. Reconnecting.';
    case 'resting':
      if (failure === undefined) {
        return 'Ultra-low latency is tried again soon.';
      }
      return facts.playsByHls
        ? `${WORDS[failure]} It plays with a little more delay, and tries again by itself.`
        : `${WORDS[failure]} Ultra-low latency is tried again by itself.`;
    default:
      return failure === undefined
        ? 'Connecting by WebRTC.'
        : `${WORDS[failure]} Trying ultra-low latency again.`;
  }
}

/** Whether HLS has a picture on the screen: not before the first one, and not under a notice that says why there is none. */
export function playsByHls({ transport, status }: Pick<PlayerState, 'transport' | 'status'>): boolean {
  const byHls = transport !== undefined && transport !== 'whep';
  return byHls && (status === 'playing' || status === 'paused' || status === 'stalled');
}

/** Whether the page that tests the network can help. */
export function networkTestHelps(failure: WhepFailureCode | undefined): boolean {
  return failure !== undefined && OF_NETWORK.has(failure);
}
