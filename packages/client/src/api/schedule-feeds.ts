import { ApiClient, type ApiClientOptions } from './api-client.ts';

/** The caller's own addresses of channels' schedules, for their calendar. Every method rejects like {@link ApiClient.call}. */
export class ScheduleFeeds {
  readonly #client: ApiClient;

  constructor(options: ApiClientOptions = {}) {
    this.#client = new ApiClient(options);
  }

  /** The address of a channel's feed, with private streams for a member. Whoever has it reads the feed. */
  async address(channelId: string): Promise<string> {
    const { url } = await this.#client.call('GET /api/channels/:id/schedule-url', {
      params: { id: channelId },
    });
    return url;
  }

  /** Another address; the one of before answers 404 from now on, and calendars that have it must be given the new one. */
  async renew(channelId: string): Promise<string> {
    const { url } = await this.#client.call('POST /api/channels/:id/schedule-url', {
      params: { id: channelId },
    });
    return url;
  }
}
