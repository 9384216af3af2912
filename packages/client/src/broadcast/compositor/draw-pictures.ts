import { fitWithin, insetPlace, type Size } from './picture-layout.ts';

/** A picture that can be drawn, with its size. */
export interface DrawnPicture extends Size {
  readonly image: CanvasImageSource;
  /** Tells one picture from the next: what is drawn already is not drawn again. Undefined when nobody can tell. */
  readonly version: number | undefined;
}

/** What a scene needs of a canvas. */
export type SceneContext = Pick<
  CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  'fillStyle' | 'fillRect' | 'drawImage'
>;

/** Black around the small picture, in pixels: two pictures alike would flow into each other. */
const EDGE = 2;

/**
 * Draws the output: the large picture as a whole, the small one over its corner, black where there is none. A screen seldom
 * changes, and scaling it is most of the work, so it is drawn anew only when it did.
 */
export class PictureScene {
  readonly #context: SceneContext;
  readonly #canvas: Size;
  #drawn = '';

  constructor(context: SceneContext, canvas: Size) {
    this.#context = context;
    this.#canvas = canvas;
  }

  /** Brings the canvas up to date. */
  draw(main: DrawnPicture | undefined, inset: DrawnPicture | undefined): void {
    const large = seen(main) ?? seen(inset);
    const small = large === seen(inset) ? undefined : seen(inset);
    const key = `${versionOf(large)} ${shapeOf(small)}`;
    if (large === undefined || large.version === undefined || key !== this.#drawn) {
      this.#drawn = key;
      this.#context.fillStyle = '#000';
      this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
      if (large !== undefined) {
        const { x, y, width, height } = fitWithin(this.#canvas, large);
        this.#context.drawImage(large.image, x, y, width, height);
      }
    }
    if (small !== undefined) {
      const { x, y, width, height } = insetPlace(this.#canvas, small);
      this.#context.fillStyle = '#000';
      this.#context.fillRect(x - EDGE, y - EDGE, width + 2 * EDGE, height + 2 * EDGE);
      this.#context.drawImage(small.image, x, y, width, height);
    }
  }
}

function seen(picture: DrawnPicture | undefined): DrawnPicture | undefined {
  return picture !== undefined && picture.width > 0 && picture.height > 0 ? picture : undefined;
}

function shapeOf(picture: DrawnPicture | undefined): string {
  return picture === undefined ? '' : `${String(picture.width)}x${String(picture.height)}`;
}

function versionOf(picture: DrawnPicture | undefined): string {
  return `${shapeOf(picture)}#${String(picture?.version)}`;
}
