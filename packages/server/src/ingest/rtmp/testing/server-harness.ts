import { writeVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { PublishAuthorizer } from '../../../stream/publisher.ts';
import type { RtmpLimits } from '../rtmp-limits.ts';
import { RtmpServer } from '../server.ts';
import { FakePublishTarget, fakeAuthorizer, type Publication } from './fake-publish-target.ts';
import { RtmpPublisher } from './rtmp-publisher.ts';
import { AVC_CONFIG, IDR } from './sample-media.ts';

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

/** A running server and what it wrote. */
export interface RunningServer {
  readonly server: RtmpServer;
  readonly port: number;
  readonly target: FakePublishTarget;
  readonly lines: LogLine[];
  /** Warnings and errors. */
  readonly troubles: () => LogLine[];
}

const open: { destroy?: () => void; close?: () => Promise<void> }[] = [];

/** Remembers something to be closed by `closeAll`. */
export function closeLater<T extends { destroy?: () => void; close?: () => Promise<void> }>(each: T): T {
  open.push(each);
  return each;
}

/** Closes everything that a test opened; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) {
    each.destroy?.();
    await each.close?.();
  }
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startServer(
  limits: Partial<RtmpLimits> = {},
  authorizer: PublishAuthorizer = fakeAuthorizer,
): Promise<RunningServer> {
  const target = new FakePublishTarget();
  const lines: LogLine[] = [];
  const server = new RtmpServer({ authorizer, target, clock: systemClock, log: recordingLog(lines), limits });
  const port = await server.listen({ port: 0, host: '127.0.0.1' });
  closeLater(server);
  const troubles = (): LogLine[] => lines.filter((line) => line.level === 'warn' || line.level === 'error');
  return { target, lines, server, port, troubles };
}

/** Opens a connection without a word. */
export async function opened(port: number, localAddress?: string): Promise<RtmpPublisher> {
  return closeLater(
    await RtmpPublisher.open({ port, ...(localAddress === undefined ? {} : { localAddress }) }),
  );
}

/** A peer that said `connect`. */
export async function connected(port: number): Promise<RtmpPublisher> {
  const publisher = await opened(port);
  await publisher.shakeHands();
  await publisher.connect('live');
  return publisher;
}

/** A peer that publishes. Rejects with the words of a refusal. */
export async function publishing(port: number, key = 'good'): Promise<RtmpPublisher> {
  return closeLater(await RtmpPublisher.publish({ port, key }));
}

/** What the first publisher wrote. Throws when there was none. */
export function firstPublication(target: FakePublishTarget): Publication {
  const [publication] = target.publications;
  if (publication === undefined) throw new Error('nobody published');
  return publication;
}

const single = { trackId: 0, otherTrackIds: [] } as const;

/** The tag that announces H.264. */
export const AVC_CONFIG_TAG: readonly Uint8Array[] = writeVideoTag({
  kind: 'config',
  codec: 'avc1',
  enhanced: false,
  config: AVC_CONFIG,
  ...single,
});

/** The tag of an H.264 picture. */
export function pictureTag(payload: Uint8Array): Uint8Array[] {
  const keyframe = payload === IDR;
  const times = { compositionTimeMs: 0, nanosecondOffset: 0 };
  return writeVideoTag({
    kind: 'frames',
    codec: 'avc1',
    enhanced: false,
    keyframe,
    payload,
    ...times,
    ...single,
  });
}

/** A video tag of a size: a picture, but no NAL units. */
export function fillerTag(sizeBytes: number): Uint8Array[] {
  return [Uint8Array.of(0x17, 1, 0, 0, 0), new Uint8Array(sizeBytes - 5)];
}

function recordingLog(lines: LogLine[], bound: object = {}): Logger {
  const at = (level: string) => (fields: object, event: string) =>
    void lines.push({ level, event, fields: { ...bound, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => recordingLog(lines, { ...bound, ...fields }),
  };
}
