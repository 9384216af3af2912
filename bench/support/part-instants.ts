/**
 * Loaded into a server under test by `node --import`: prints the instant at which each part exists, in nanoseconds of the
 * machine's monotonic clock, which the load maker reads as well. The product is not changed by it.
 */

import { RenditionWindow } from '@tallylight/server/packager/window.ts';

const { addPart } = RenditionWindow.prototype;

RenditionWindow.prototype.addPart = function noteInstant(this: RenditionWindow, part, next): void {
  const ns = process.hrtime.bigint();
  addPart.call(this, part, next);
  const { msn, part: index } = this.edge;
  process.stdout.write(
    `${JSON.stringify({ probe: 'part', rendition: this.id, msn, part: index, ns: String(ns) })}\n`,
  );
};
