/** What the page of a managed stream needs to know of it. */
export interface StreamPage {
  readonly title: string;
  /** `coming`: not live yet; `live`: may be watched, now or while its host is awaited; `over`: no more. */
  readonly phase: 'coming' | 'live' | 'over';
  /** Unix milliseconds; undefined when nobody said. */
  readonly startsAtMs: number | undefined;
  /** The host called it off before it began. */
  readonly wasCalledOff: boolean;
  /** Empty without one. */
  readonly description: string;
  readonly tags: readonly string[];
  /** The picture that its host uploaded. */
  readonly thumbnailUrl: string | undefined;
  /** Whose it is; undefined when the answer does not say. */
  readonly channelId: string | undefined;
  /** Of the playlist, with a token where one is needed. */
  readonly playlistUrl: string | undefined;
}

const MANAGED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Whether an id is one that the control plane gave, and no name of a key file. */
export function isManaged(streamId: string): boolean {
  return MANAGED.test(streamId);
}

/** Asks for a stream; undefined for one that has no page: of a key file, unknown, or private. Throws when the server does not answer. */
export async function fetchStreamPage(
  streamId: string,
  signal: AbortSignal,
): Promise<StreamPage | undefined> {
  if (!isManaged(streamId)) {
    return undefined;
  }
  const response = await fetch(`/api/streams/${streamId}`, { cache: 'no-store', signal });
  return response.ok ? readStreamPage(await response.json()) : undefined;
}

/** Reads what `GET /api/streams/:id` answers; undefined for anything else. */
export function readStreamPage(body: unknown): StreamPage | undefined {
  if (typeof body !== 'object' || body === null) {
    return undefined;
  }
  const { title, status, scheduledAt, streamUrl, channelId, description, tags, thumbnailUrl } =
    body as Record<string, unknown>;
  if (typeof title !== 'string' || typeof status !== 'string') {
    return undefined;
  }
  const startsAtMs = typeof scheduledAt === 'string' ? Date.parse(scheduledAt) : Number.NaN;
  const phase =
    status === 'live' || status === 'ending'
      ? 'live'
      : status === 'scheduled' || status === 'preparing'
        ? 'coming'
        : 'over';
  return {
    title,
    phase,
    startsAtMs: Number.isNaN(startsAtMs) ? undefined : startsAtMs,
    wasCalledOff: status === 'cancelled',
    description: typeof description === 'string' ? description : '',
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    thumbnailUrl: typeof thumbnailUrl === 'string' ? thumbnailUrl : undefined,
    channelId: typeof channelId === 'string' ? channelId : undefined,
    playlistUrl: typeof streamUrl === 'string' ? streamUrl : undefined,
  };
}

/** The token of a playlist's path; undefined where everybody may watch. */
export function tokenOf(playlistUrl: string | undefined): string | undefined {
  return /\/hls\/t\/([^/]+)\//.exec(playlistUrl ?? '')?.[1];
}

/** "Starts Friday, May 4, 6:30 PM, in 2 h 5 min." `when` writes a time as people here do, in their time zone. */
export function comingWords(
  startsAtMs: number | undefined,
  nowMs: number,
  when: (ms: number) => string = (ms) =>
    new Date(ms).toLocaleString(undefined, {
      weekday: 'long',
      month: 'long',
      day: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      timeZoneName: 'short',
    }),
): string {
  if (startsAtMs === undefined) {
    return 'This stream has not started yet. Stay here, it begins by itself.';
  }
  const leftMs = startsAtMs - nowMs;
  return leftMs <= 0
    ? `Planned for ${when(startsAtMs)}. It starts any moment; stay here.`
    : `Starts ${when(startsAtMs)}, in ${spanWords(leftMs)}.`;
}

/** "3 days 2 h", "2 h 5 min", "5 min", "42 s". */
export function spanWords(ms: number): string {
  if (ms < MINUTE_MS) {
    return `${String(Math.ceil(ms / 1000))} s`;
  }
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) {
    return `${String(days)} ${days === 1 ? 'day' : 'days'} ${String(hours)} h`;
  }
  return hours > 0 ? `${String(hours)} h ${String(minutes)} min` : `${String(minutes)} min`;
}
