import type { CompositorFormat } from './compositor.ts';
import type { CompositorMessage } from './compositor-message.ts';
import { type DrawnPicture, PictureScene } from './draw-pictures.ts';

/** The newest frame of one input. */
class NewestFrame {
  #reader: ReadableStreamDefaultReader<VideoFrame> | undefined;
  #frame: VideoFrame | undefined;
  #count = 0;

  get picture(): DrawnPicture | undefined {
    const frame = this.#frame;
    return frame === undefined
      ? undefined
      : { image: frame, version: this.#count, width: frame.displayWidth, height: frame.displayHeight };
  }

  /** Follows other frames, or none. The last picture of the ones before stays until the first of the new ones. */
  follow(frames: ReadableStream<VideoFrame> | undefined): void {
    void this.#reader?.cancel().catch(() => undefined);
    this.#reader = frames?.getReader();
    if (this.#reader === undefined) {
      this.#take(undefined);
    } else {
      void this.#read(this.#reader);
    }
  }

  async #read(reader: ReadableStreamDefaultReader<VideoFrame>): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done || reader !== this.#reader) {
          value?.close();
          return;
        }
        this.#take(value);
      }
    } catch {
      // The track ended: its last picture stays.
    }
  }

  #take(frame: VideoFrame | undefined): void {
    this.#frame?.close();
    this.#frame = frame;
    this.#count += 1;
  }
}

const main = new NewestFrame();
const inset = new NewestFrame();
let timer: ReturnType<typeof setTimeout> | undefined;

function open(format: CompositorFormat, writable: WritableStream<VideoFrame>): void {
  const canvas = new OffscreenCanvas(format.width, format.height);
  const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
  const scene = context === null ? undefined : new PictureScene(context, format);
  const writer = writable.getWriter();
  const startMs = performance.now();
  let drawn = 0;
  const tick = (): void => {
    const nowMs = performance.now();
    if (scene !== undefined && (writer.desiredSize ?? 0) > 0) {
      scene.draw(main.picture, inset.picture);
      const frame = new VideoFrame(canvas, { timestamp: Math.round(nowMs * 1000) });
      writer.write(frame).catch(close);
    }
    // The grid of times is fixed, so that late timers do not add up.
    drawn = Math.max(drawn + 1, Math.ceil(((nowMs - startMs) * format.framesPerSecond) / 1000));
    timer = setTimeout(tick, startMs + (drawn * 1000) / format.framesPerSecond - performance.now());
  };
  tick();
}

function close(): void {
  clearTimeout(timer);
  main.follow(undefined);
  inset.follow(undefined);
  globalThis.close();
}

globalThis.addEventListener('message', (event: MessageEvent<CompositorMessage>) => {
  const message = event.data;
  switch (message.type) {
    case 'open':
      open(message.format, message.writable);
      break;
    case 'input':
      (message.slot === 'main' ? main : inset).follow(message.frames);
      break;
    case 'close':
      close();
      break;
  }
});
