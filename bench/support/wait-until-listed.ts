import { httpGet } from '../../tests/support/http-client.ts';
import { waitFor } from '../../tests/support/wait-for.ts';

/** Waits until a playlist is served. */
export async function waitUntilListed(url: string): Promise<void> {
  await waitFor(`a playlist at ${url}`, async () => (await httpGet(url)).status === 200, 20_000, 100);
}
