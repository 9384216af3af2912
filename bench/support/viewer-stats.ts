import type { Page } from 'playwright-core';

declare global {
  interface Window {
    /** Connections that the page made, oldest first. */
    peers: RTCPeerConnection[];
  }
}

/** What a browser says of the video that it receives, counted since its connection began. */
export interface ViewerStats {
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly packetsLost: number;
  readonly nackCount: number;
  readonly freezeCount: number;
}

/** A page's script, to be run before its own: remembers its connections. */
export const rememberPeersScript = `window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) {
    super(...options);
    window.peers.push(this);
  }
};`;

/** Asks the page's newest connection. Throws when it receives no video. */
export async function viewerStats(page: Page): Promise<ViewerStats> {
  const found = await page.evaluate(async () => {
    const report = await window.peers.at(-1)?.getStats();
    for (const stats of report?.values() ?? []) {
      if (stats.type === 'inbound-rtp' && stats.kind === 'video') return stats as object;
    }
    return undefined;
  });
  if (found === undefined) throw new Error('the page receives no video by WebRTC');
  const figure = (name: string): number =>
    Number(Object.entries(found).find(([key]) => key === name)?.[1] ?? 0);
  return {
    framesDecoded: figure('framesDecoded'),
    framesDropped: figure('framesDropped'),
    packetsLost: figure('packetsLost'),
    nackCount: figure('nackCount'),
    freezeCount: figure('freezeCount'),
  };
}
