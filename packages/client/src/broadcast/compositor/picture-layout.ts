/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A place on the canvas, in pixels. */
export interface Place extends Size {
  readonly x: number;
  readonly y: number;
}

/** Share of the canvas that the smaller picture may take in either direction: a face is seen, a slide is not covered. */
const INSET_SHARE = 0.26;
/** Distance of the smaller picture to the edges, as a share of the canvas's height. */
const INSET_MARGIN = 0.03;

/** The largest place in the middle of the canvas where all of the picture is seen in its own shape. */
export function fitWithin(canvas: Size, picture: Size): Place {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  return centred(canvas, even(picture.width * scale), even(picture.height * scale));
}

/** The place of the smaller picture: bottom right, in its own shape. */
export function insetPlace(canvas: Size, picture: Size): Place {
  const scale = Math.min(
    (canvas.width * INSET_SHARE) / picture.width,
    (canvas.height * INSET_SHARE) / picture.height,
  );
  const width = even(picture.width * scale);
  const height = even(picture.height * scale);
  const margin = even(canvas.height * INSET_MARGIN);
  return { x: canvas.width - width - margin, y: canvas.height - height - margin, width, height };
}

function centred(canvas: Size, width: number, height: number): Place {
  return {
    x: Math.round((canvas.width - width) / 2),
    y: Math.round((canvas.height - height) / 2),
    width,
    height,
  };
}

/** Chroma of 4:2:0 has half the pixels: an even edge does not bleed. */
function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
