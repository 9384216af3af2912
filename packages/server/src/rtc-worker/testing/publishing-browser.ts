import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { openChromium } from '../../../../../tests/support/chromium.ts';

/** What a page publishes. */
export interface PublishOptions {
  /** The only codec that it offers. Default: all, in the browser's order. */
  readonly codec?: 'H264' | 'VP8' | 'VP9';
  /** Layers of a simulcast by their rids, with the factor that each is smaller by. Default: none. */
  readonly layers?: readonly { readonly rid: string; readonly scale: number; readonly maxBitrate: number }[];
  /** Default both. */
  readonly audio?: boolean;
  readonly video?: boolean;
  /** Default 1280 × 720. */
  readonly width?: number;
  readonly height?: number;
}

/** A headless Chromium whose pages publish its fake camera by bare `RTCPeerConnection`, without any HTTP of ours. */
export class PublishingBrowser {
  readonly newPage: () => Promise<Page>;
  readonly close: () => Promise<void>;

  private constructor(newPage: () => Promise<Page>, close: () => Promise<void>) {
    this.newPage = newPage;
    this.close = close;
  }

  /** Starts it. */
  static async open(): Promise<PublishingBrowser> {
    // Cameras need a secure context, which the loopback address is.
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>publisher</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const browser = await openChromium({ camera: 'fps=30' });
    return new PublishingBrowser(
      async () => {
        const page = await browser.context.newPage();
        await page.goto(`http://127.0.0.1:${port}/`);
        return page;
      },
      async () => {
        await browser.close();
        server.close();
        server.closeAllConnections();
      },
    );
  }
}

/** Makes an offer in the page; the connection stays there as `window.publisher`. */
export function offerOf(page: Page, options: PublishOptions = {}): Promise<string> {
  return page.evaluate(async ({ codec, layers, audio = true, video = true, width = 1280, height = 720 }) => {
    const connection = new RTCPeerConnection();
    (window as unknown as { publisher: RTCPeerConnection }).publisher = connection;
    const media = await navigator.mediaDevices.getUserMedia({
      audio: audio ? { channelCount: 2 } : false,
      video: video ? { width, height, frameRate: 30 } : false,
    });
    for (const track of media.getTracks()) {
      const isVideo = track.kind === 'video';
      const transceiver = connection.addTransceiver(track, {
        direction: 'sendonly',
        streams: [media],
        ...(isVideo && layers !== undefined
          ? {
              sendEncodings: layers.map(({ rid, scale, maxBitrate }) => ({
                rid,
                scaleResolutionDownBy: scale,
                maxBitrate,
              })),
            }
          : {}),
      });
      if (isVideo && codec !== undefined) {
        const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
        const wanted = new Set([`video/${codec}`.toLowerCase(), 'video/rtx']);
        transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.has(mimeType.toLowerCase())));
      }
    }
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        connection.addEventListener('icegatheringstatechange', () => {
          if (connection.iceGatheringState === 'complete') resolve();
        });
      });
    }
    return connection.localDescription?.sdp ?? '';
  }, options);
}

/** Gives the answer to the page's connection. */
export function acceptAnswer(page: Page, answer: string): Promise<void> {
  return page.evaluate(async (sdp) => {
    const { publisher } = window as unknown as { publisher: RTCPeerConnection };
    await publisher.setRemoteDescription({ type: 'answer', sdp });
  }, answer);
}
