import type { Compositor, CompositorFormat, PictureInputs } from './compositor.ts';
import { type DrawnPicture, PictureScene } from './draw-pictures.ts';
import { Ticker } from './ticker.ts';

/** Draws on a canvas of the page, for browsers that give no frames to workers. A worker's timer beats, because the page's own sleep in the background. */
export class CanvasCompositor implements Compositor {
  readonly track: MediaStreamTrack;
  readonly #canvas = document.createElement('canvas');
  readonly #main = new ShownTrack();
  readonly #inset = new ShownTrack();
  readonly #ticker: Ticker;

  constructor(format: CompositorFormat) {
    this.#canvas.width = format.width;
    this.#canvas.height = format.height;
    const context = this.#canvas.getContext('2d', { alpha: false });
    const scene = context === null ? undefined : new PictureScene(context, format);
    const [track] = this.#canvas.captureStream(format.framesPerSecond).getVideoTracks();
    if (track === undefined) {
      throw new TypeError('the canvas gives no track');
    }
    this.track = track;
    this.#ticker = new Ticker(1000 / format.framesPerSecond, () => {
      scene?.draw(this.#main.picture, this.#inset.picture);
    });
  }

  show(inputs: PictureInputs): void {
    this.#main.show(inputs.main);
    this.#inset.show(inputs.inset);
  }

  close(): void {
    this.#ticker.close();
    this.track.stop();
    this.show({ main: undefined, inset: undefined });
  }
}

/** A track as a picture that can be drawn, by a video element that is in no document. */
class ShownTrack {
  #video: HTMLVideoElement | undefined;
  #track: MediaStreamTrack | undefined;

  get picture(): DrawnPicture | undefined {
    const video = this.#video;
    return video === undefined || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA
      ? undefined
      : { image: video, version: undefined, width: video.videoWidth, height: video.videoHeight };
  }

  show(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) {
      return;
    }
    this.#track = track;
    if (this.#video !== undefined) {
      this.#video.srcObject = null;
      this.#video = undefined;
    }
    if (track !== undefined) {
      const video = document.createElement('video');
      video.muted = true;
      video.playsInline = true;
      video.srcObject = new MediaStream([track]);
      void video.play().catch(() => undefined);
      this.#video = video;
    }
  }
}
