import { bitrateWords } from '../words.ts';
import type { ProbeResult } from './udp-probe.ts';

/** One result of the network test. */
export interface NetworkVerdict {
  /** One or two words, for a state is never colour alone. */
  readonly badge: string;
  /** `none` = neither good nor bad. */
  readonly tone: 'good' | 'warn' | 'bad' | 'none';
  /** What was found, and what to do. */
  readonly words: string;
}

/** RTT above which talking back and forth becomes awkward. */
const FAR_MS = 250;
/** Encoders should use this much of an upload: the rest is for bursts and for others in the house. */
const USED_FRACTION = 0.7;
/** Above this the figure says more about the browser than about the network. */
const PLENTY_BPS = 100_000_000;
/** What can be sent with how many bits per second, the best first. */
const PICTURES = [
  { bitrateBps: 6_000_000, name: '1080p60' },
  { bitrateBps: 4_500_000, name: '1080p' },
  { bitrateBps: 2_500_000, name: '720p' },
  { bitrateBps: 1_200_000, name: '480p' },
  { bitrateBps: 600_000, name: '360p' },
] as const;

/** Says whether UDP reaches the server. `turnWorks` = the relay is a way around. */
export function udpVerdict(result: ProbeResult, turnWorks: boolean): NetworkVerdict {
  switch (result.outcome) {
    case 'reached': {
      const figure = `UDP reaches this server, ${roundTripWords(result.roundTripMs)} there and back.`;
      return result.roundTripMs > FAR_MS
        ? {
            badge: 'Slow',
            tone: 'warn',
            words: `${figure} You can go live from the browser, but the server is far away. Use a cable instead of Wi-Fi.`,
          }
        : {
            badge: 'Works',
            tone: 'good',
            words: `${figure} You can go live from the browser and watch with ultra-low latency.`,
          };
    }
    case 'refused':
      return result.status === 429 || result.status === 503
        ? {
            badge: 'Busy',
            tone: 'warn',
            words: 'The server cannot test now. Wait a few seconds, then test again.',
          }
        : {
            badge: 'Unknown',
            tone: 'warn',
            words:
              'The server does not answer the WebRTC test. Watching works by LL-HLS; to go live, use OBS with RTMP.',
          };
    case 'unsupported':
      return {
        badge: 'No WebRTC',
        tone: 'bad',
        words: 'This browser has no WebRTC. Watching works by LL-HLS; to go live, use OBS with RTMP.',
      };
    default:
      return turnWorks
        ? {
            badge: 'By relay',
            tone: 'warn',
            words: 'UDP is blocked on the direct way. WebRTC works by way of TURN, with a little more delay.',
          }
        : {
            badge: 'Blocked',
            tone: 'bad',
            words:
              'UDP does not reach this server. Watching works by LL-HLS; to go live, use OBS with RTMP, or ask the administrator to open the UDP port or to configure TURN.',
          };
  }
}

/** Says whether TURN is a way around. `result` is undefined when no TURN server is configured. */
export function turnVerdict(result: ProbeResult | undefined, udpWorks: boolean): NetworkVerdict {
  if (result === undefined) {
    return udpWorks
      ? {
          badge: 'Not set up',
          tone: 'none',
          words: 'No TURN server is configured. Your network does not need one.',
        }
      : {
          badge: 'Not set up',
          tone: 'bad',
          words:
            'No TURN server is configured. Networks that block the server’s UDP port need one: configure TURN on the server, or use OBS with RTMP.',
        };
  }
  switch (result.outcome) {
    case 'reached':
      return {
        badge: 'Works',
        tone: 'good',
        words: `TURN works, ${roundTripWords(result.roundTripMs)} there and back. Networks that block the direct way can use it.`,
      };
    case 'relay-only':
      return {
        badge: 'Half way',
        tone: 'warn',
        words:
          // Chromium 156 and libjuice: ICE over TURN/TCP ends in "400 Bad Request", over TURN/UDP it works.
          'The TURN server answers, but nothing comes back through it. Let it reach this server’s UDP port, and prefer TURN over UDP: over TCP some browsers fail. Until then, use OBS with RTMP.',
      };
    case 'refused':
      return {
        badge: 'Unknown',
        tone: 'warn',
        words:
          'The TURN server answers, but this server cannot test now. Wait a few seconds, then test again.',
      };
    default:
      return {
        badge: 'No answer',
        tone: udpWorks ? 'warn' : 'bad',
        words: 'The TURN server does not let us in. Check its address, its ports and its shared secret.',
      };
  }
}

/** Says what the upload is good for; undefined = it could not be measured. */
export function uploadVerdict(uploadBps: number | undefined): NetworkVerdict {
  if (uploadBps === undefined) {
    return {
      badge: 'Unknown',
      tone: 'warn',
      words: 'The upload could not be measured. Wait a few seconds, then test again.',
    };
  }
  const figure = uploadBps >= PLENTY_BPS ? 'more than 100 Mbps' : `about ${bitrateWords(uploadBps)}`;
  const found = `Your upload gives ${figure}.`;
  const usableBps = uploadBps * USED_FRACTION;
  const best = PICTURES.find(({ bitrateBps }) => bitrateBps <= usableBps);
  if (best === undefined) {
    return {
      badge: 'Too slow',
      tone: 'bad',
      words: `${found} That is too little to go live. Use a cable instead of Wi-Fi, or another network.`,
    };
  }
  if (best === PICTURES[0]) {
    return {
      badge: 'Good',
      tone: 'good',
      words: `${found} That is enough for ${best.name} at ${bitrateWords(best.bitrateBps)}.`,
    };
  }
  return {
    badge: best.bitrateBps >= 2_500_000 ? 'Good' : 'Slow',
    tone: best.bitrateBps >= 2_500_000 ? 'good' : 'warn',
    words: `${found} Send ${best.name} and lower the bitrate to ${bitrateWords(best.bitrateBps)}, so that some is left for bursts.`,
  };
}

function roundTripWords(roundTripMs: number): string {
  return roundTripMs < 1 ? 'under 1 ms' : `${roundTripMs.toFixed(0)} ms`;
}
