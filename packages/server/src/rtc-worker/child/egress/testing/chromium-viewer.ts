import type { Page } from 'playwright-core';

/** What a viewer's `getStats` says, in the words of the specification. */
export interface ViewerStats {
  readonly state: string;
  /** Milliseconds from `connected` to the first picture that was shown; absent before. */
  readonly firstPictureMs?: number;
  readonly currentTimeSec: number;
  /** Longest time between two pictures since the first, in milliseconds. */
  readonly longestPauseMs: number;
  readonly width: number;
  readonly height: number;
  readonly video: Readonly<Record<string, number>>;
  readonly audio: Readonly<Record<string, number>>;
}

/** Instants of the page's clock, in milliseconds. */
interface Marks {
  connectedMs?: number;
  firstMs?: number;
  lastMs?: number;
  longestMs: number;
}

/** A viewer in a page: a peer connection that plays into a video element. */
export class ChromiumViewer {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Makes an offer that receives these kinds of media. */
  async offer(kinds: readonly ('audio' | 'video')[] = ['video', 'audio']): Promise<string> {
    return await this.#page.evaluate(async (wanted) => {
      const connection = new RTCPeerConnection();
      const video = document.createElement('video');
      const stream = new MediaStream();
      video.autoplay = true;
      video.srcObject = stream;
      document.body.append(video);
      const marks: Marks = { longestMs: 0 };
      connection.ontrack = (event) => stream.addTrack(event.track);
      connection.onconnectionstatechange = () => {
        if (connection.connectionState === 'connected') marks.connectedMs ??= performance.now();
      };
      const shown = (nowMs: number): void => {
        marks.firstMs ??= nowMs;
        marks.longestMs = Math.max(marks.longestMs, nowMs - (marks.lastMs ?? nowMs));
        marks.lastMs = nowMs;
        video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
      for (const kind of wanted) connection.addTransceiver(kind, { direction: 'recvonly' });
      await connection.setLocalDescription();
      Object.assign(globalThis, { viewer: { connection, video, marks } });
      return connection.localDescription?.sdp ?? '';
    }, kinds);
  }

  /** Takes the answer. */
  async answer(sdp: string): Promise<void> {
    await this.#page.evaluate(async (text) => {
      const { viewer } = globalThis as unknown as { viewer: { connection: RTCPeerConnection } };
      await viewer.connection.setRemoteDescription({ type: 'answer', sdp: text });
    }, sdp);
  }

  /** Closes the connection and takes the video element out of the page. */
  async leave(): Promise<void> {
    await this.#page.evaluate(() => {
      const { viewer } = globalThis as unknown as {
        viewer: { connection: RTCPeerConnection; video: HTMLVideoElement };
      };
      viewer.connection.close();
      viewer.video.remove();
    });
  }

  /** What there is to see now. */
  async stats(): Promise<ViewerStats> {
    return await this.#page.evaluate(async () => {
      const { viewer } = globalThis as unknown as {
        viewer: {
          connection: RTCPeerConnection;
          video: HTMLVideoElement;
          marks: Marks;
        };
      };
      const { connection, video, marks } = viewer;
      const kinds: { video: Record<string, number>; audio: Record<string, number> } = {
        video: {},
        audio: {},
      };
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        const into = report.kind === 'video' ? kinds.video : kinds.audio;
        for (const [name, value] of Object.entries(report)) if (typeof value === 'number') into[name] = value;
      }
      const { connectedMs, firstMs, longestMs } = marks;
      return {
        state: connection.connectionState,
        ...(connectedMs !== undefined && firstMs !== undefined && { firstPictureMs: firstMs - connectedMs }),
        currentTimeSec: video.currentTime,
        longestPauseMs: longestMs,
        width: video.videoWidth,
        height: video.videoHeight,
        ...kinds,
      };
    });
  }
}
