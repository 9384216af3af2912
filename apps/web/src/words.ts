import type { PlayerState, RenditionOption } from '@tallylight/client/player/player-state.ts';

/** "0.5 s behind live"; an empty text while unknown. */
export function latencyWords(latencyMs: number | undefined): string {
  return latencyMs === undefined ? '' : `${latencySeconds(latencyMs)} behind live`;
}

/** In tenths: publisher and camera add more than hundredths, and nobody can measure that here. */
function latencySeconds(latencyMs: number): string {
  if (latencyMs < 95) {
    return 'under 0.1 s';
  }
  return latencyMs < 9_950 ? `${(latencyMs / 1000).toFixed(1)} s` : secondsWords(latencyMs / 1000);
}

/** Two digits below 10 s, for that is where they matter; minutes from one minute on. */
export function secondsWords(seconds: number): string {
  const value = Math.max(0, seconds);
  if (value < 10) {
    return `${value.toFixed(2)} s`;
  }
  if (value < 60) {
    return `${value.toFixed(0)} s`;
  }
  return `${String(Math.floor(value / 60))}:${String(Math.floor(value % 60)).padStart(2, '0')} min`;
}

/** "1.5 Mbps" or "400 kbps". */
export function bitrateWords(bitrateBps: number): string {
  return bitrateBps >= 1_000_000
    ? `${(bitrateBps / 1e6).toFixed(1)} Mbps`
    : `${(bitrateBps / 1000).toFixed(0)} kbps`;
}

/** An entry of the quality menu: "720p, 1.7 Mbps". */
export function renditionWords(option: RenditionOption): string {
  return `${option.name}, ${bitrateWords(option.bitrateBps)}`;
}

/** The first entry of the quality menu: "Auto (720p)" while the player chooses, "Auto (WebRTC)" while the server does. */
export function autoWords(
  state: Pick<PlayerState, 'autoRendition' | 'currentRenditionId' | 'renditions' | 'transport'>,
): string {
  if (state.transport === 'whep') {
    return 'Auto (WebRTC)';
  }
  const shown = state.renditions.find((option) => option.id === state.currentRenditionId);
  return state.autoRendition && shown !== undefined ? `Auto (${shown.name})` : 'Auto';
}

/** What to say over the picture, or undefined to leave it free. `forMs` = how long the status has lasted. */
export function noticeWords(state: PlayerState, forMs: number): string | undefined {
  switch (state.status) {
    case 'loading':
      return state.error?.message ?? (forMs > 1_000 ? 'Connecting to the stream.' : undefined);
    case 'stalled':
      if (state.transport === 'whep' && state.whepFailure !== undefined) {
        // Whatever the last try failed for: the session is gone, and a slow line was not the reason.
        return forMs > 1_000 ? 'Reconnecting to the stream.' : undefined;
      }
      return forMs > 1_000 ? 'Your connection is slow. The picture comes back by itself.' : undefined;
    case 'waiting-for-publisher':
      return state.error?.message ?? 'The host lost connection. Stay here, it resumes by itself.';
    case 'ended':
      return 'This stream has ended.';
    case 'error':
      return state.error?.message ?? 'The stream cannot be played.';
    default:
      return undefined;
  }
}

/** How the picture comes, for the stats: "WebRTC (WHEP)". */
export function transportName(transport: PlayerState['transport']): string {
  switch (transport) {
    case 'whep':
      return 'WebRTC (WHEP)';
    case 'll-hls':
      return 'LL-HLS';
    case 'native-hls':
      return 'HLS by the browser';
    default:
      return 'none';
  }
}

/** "12 ms round trip, 0.1 % lost", and whether a relay stands between. */
export function connectionWords(connection: NonNullable<PlayerState['connection']>): string {
  const { roundTripMs, lossFraction, relayed } = connection;
  const roundTrip =
    roundTripMs === undefined ? 'round trip unknown' : `${roundTripMs.toFixed(0)} ms round trip`;
  return `${roundTrip}, ${(lossFraction * 100).toFixed(1)} % lost${relayed ? ', by a TURN relay' : ''}`;
}

/** The latency for the stats, and what it counts from: never the camera. */
export function latencyFigure(state: Pick<PlayerState, 'latencyMs' | 'latencyBasis'>): string {
  if (state.latencyMs === undefined) {
    return 'unknown';
  }
  const from =
    state.latencyBasis === 'path' ? 'from the server to your screen' : 'since it reached the server';
  return `${latencySeconds(state.latencyMs)} ${from}`;
}
