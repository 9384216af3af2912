/**
 * Loaded into a server under test by `node --import`. Prints the instant at which each part exists, in nanoseconds of the machine's
 * monotonic clock, which the load maker reads as well; and for each held reload the milliseconds from that instant until the answer
 * was handed to the kernel. The product is not changed by it.
 */

// oxlint-disable typescript/unbound-method -- each is called with the `this` it was meant for
import type { Exchange } from '@tallylight/server/origin/exchange.ts';
import { HeldRequests } from '@tallylight/server/origin/held-requests.ts';
import { Replier } from '@tallylight/server/origin/reply.ts';
import { RenditionWindow } from '@tallylight/server/packager/window.ts';

/** How often the releases are printed, in milliseconds. */
const REPORT_MS = 1000;

const held = new WeakSet<Exchange>();
const latestNs = new Map<string, bigint>();
let releasesMs: number[] = [];

const { addPart } = RenditionWindow.prototype;
RenditionWindow.prototype.addPart = function noteInstant(this: RenditionWindow, part, next): void {
  const ns = process.hrtime.bigint();
  addPart.call(this, part, next);
  const { msn, part: index } = this.edge;
  latestNs.set(this.id, ns);
  print({ probe: 'part', rendition: this.id, msn, part: index, ns: String(ns) });
};

const { hold } = HeldRequests.prototype;
HeldRequests.prototype.hold = function noteHeld(
  this: HeldRequests,
  exchange,
  place,
  holdMs,
  answer,
): boolean {
  held.add(exchange);
  return hold.call(this, exchange, place, holdMs, answer);
};

const { sendPlaylist } = Replier.prototype;
Replier.prototype.sendPlaylist = function noteRelease(this: Replier, exchange, rendered, cacheControl): void {
  sendPlaylist.call(this, exchange, rendered, cacheControl);
  if (!held.has(exchange)) return;
  const rendition = exchange.request.url?.split('/').at(-2) ?? '';
  const ns = latestNs.get(rendition);
  if (ns !== undefined) releasesMs.push(Number(process.hrtime.bigint() - ns) / 1e6);
};

setInterval(() => {
  if (releasesMs.length === 0) return;
  print({ probe: 'releases', ns: String(process.hrtime.bigint()), ms: releasesMs });
  releasesMs = [];
}, REPORT_MS).unref();

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
