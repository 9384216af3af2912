import { fitWithin, insetPlace, type Size } from './picture-layout.ts';

/** A picture that can be drawn, with its size. */
export interface DrawnPicture extends Size {
  readonly image: CanvasImageSource;
}

/** Black around the small picture, in pixels: two pictures alike would flow into each other. */
const EDGE = 2;

/** Draws one output picture: the large one as a whole, the small one over its corner, black where there is none. */
export function drawPictures(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  canvas: Size,
  main: DrawnPicture | undefined,
  inset: DrawnPicture | undefined,
): void {
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const large = main ?? inset;
  if (large !== undefined && large.width > 0 && large.height > 0) {
    const { x, y, width, height } = fitWithin(canvas, large);
    context.drawImage(large.image, x, y, width, height);
  }
  if (main !== undefined && inset !== undefined && inset.width > 0 && inset.height > 0) {
    const { x, y, width, height } = insetPlace(canvas, inset);
    context.fillRect(x - EDGE, y - EDGE, width + 2 * EDGE, height + 2 * EDGE);
    context.drawImage(inset.image, x, y, width, height);
  }
}
