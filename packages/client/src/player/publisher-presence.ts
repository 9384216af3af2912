const TIMEOUT_MS = 2_000;

/** Whether the server says at `url` (`GET /api/streams/:id/health`) that the stream waits for its publisher. Without a clear yes it is no; never rejects. */
export async function publisherIsAway(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok && saysAway(await response.json());
  } catch {
    return false;
  }
}

/** Reads `{ publishing: boolean, … }`. */
export function saysAway(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'publishing' in body && body.publishing === false;
}
