/** A stream that is on air now. */
export interface LiveStreamEntry {
  readonly streamId: string;
  readonly title: string;
}

/** Asks the server what is live. Throws when it does not answer, or answers something else. */
export async function fetchLiveStreams(signal: AbortSignal): Promise<LiveStreamEntry[]> {
  const response = await fetch('/api/live', { cache: 'no-store', signal });
  if (!response.ok) {
    throw new Error(`GET /api/live answered ${String(response.status)}`);
  }
  return parseLiveStreams(await response.json());
}

/** Reads `{ streams: [{ streamId, title? }] }`; entries of another shape are left out. */
export function parseLiveStreams(body: unknown): LiveStreamEntry[] {
  if (typeof body !== 'object' || body === null || !('streams' in body) || !Array.isArray(body.streams)) {
    return [];
  }
  return body.streams.flatMap((entry: unknown) => {
    if (
      typeof entry !== 'object' ||
      entry === null ||
      !('streamId' in entry) ||
      typeof entry.streamId !== 'string'
    ) {
      return [];
    }
    const title =
      'title' in entry && typeof entry.title === 'string' && entry.title !== ''
        ? entry.title
        : entry.streamId;
    return [{ streamId: entry.streamId, title }];
  });
}
