import { AddressRenewal } from '@tallylight/client/player/address-renewal.ts';
import type { Player } from '@tallylight/client/player/player.ts';
import type { PlayerAddresses } from '@tallylight/client/player/player-options.ts';
import { fetchStreamPage, tokenOf } from './stream-page.ts';

const ANSWER_MS = 10_000;

/** Where a stream's player finds it. `playlistUrl` is of a stream that not everybody may watch: with its token, which the others get too. */
export function streamAddresses(streamId: string, playlistUrl?: string): PlayerAddresses {
  const id = encodeURIComponent(streamId);
  const token = tokenOf(playlistUrl);
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
  return {
    url: playlistUrl ?? `/hls/${id}/index.m3u8`,
    whepUrl: `/whep/${id}${query}`,
    healthUrl: `/api/streams/${id}/health${query}`,
  };
}

/** Gives a player of a private stream new tokens for as long as it plays; close what it returns with the player. */
export function renewAddresses(player: Player, streamId: string, playlistUrl: string): AddressRenewal {
  return new AddressRenewal({
    player,
    url: playlistUrl,
    fetchAddresses: async (closed) => {
      const page = await fetchStreamPage(streamId, AbortSignal.any([closed, AbortSignal.timeout(ANSWER_MS)]));
      return page?.playlistUrl === undefined ? undefined : streamAddresses(streamId, page.playlistUrl);
    },
  });
}
