import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import type { ModerationLog, StreamBan } from '@tallylight/protocol/entities/moderation.ts';

/** Somebody who may not write now. */
export interface Bar {
  readonly kind: 'ban' | 'timeout';
  readonly userId: string;
  /** Undefined where the server does not say. */
  readonly name: string | undefined;
  /** Unix milliseconds; undefined: for good. */
  readonly untilMs: number | undefined;
}

/** Who may not write in a stream's chat, for its moderators: loaded, and loaded again when the room is told of a change. */
export class Bars {
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #listeners = new Set<() => void>();
  readonly #stop: () => void;
  #bars: readonly Bar[] = [];
  #failure: unknown;
  #isLoaded = false;

  constructor(api: ApiClient, client: RealtimeClient, streamId: string) {
    this.#api = api;
    this.#params = { id: streamId };
    this.#stop = client.on('stream:user-banned', (told) => {
      if (told.streamId === streamId) {
        void this.load();
      }
    });
  }

  /** Those that hold now. */
  get now(): readonly Bar[] {
    return this.#bars.filter(({ untilMs }) => untilMs === undefined || untilMs > Date.now());
  }

  /** Whether there was an answer. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Why the last load failed; undefined when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether one of a kind holds for somebody. */
  holds(kind: Bar['kind'], userId: string): boolean {
    return this.now.some((bar) => bar.kind === kind && bar.userId === userId);
  }

  /** Calls back after each load. */
  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Asks the server. Never rejects: see {@link Bars.failure}. */
  async load(): Promise<void> {
    const params = this.#params;
    const log = (action: 'timeout' | 'untimeout'): Promise<ModerationLog[]> =>
      this.#api.call('GET /api/streams/:id/moderation/log', { params, query: { action, limit: 100 } });
    try {
      const [bans, begun, lifted] = await Promise.all([
        this.#api.call('GET /api/streams/:id/bans', { params, query: { limit: 100 } }),
        log('timeout'),
        log('untimeout'),
      ]);
      this.#bars = [...bans.map(banOf), ...timeoutsOf([...begun, ...lifted])];
      this.#isLoaded = true;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Listens no more. */
  close(): void {
    this.#stop();
    this.#listeners.clear();
  }
}

function banOf({ userId, user, expiresAt }: StreamBan): Bar {
  return {
    kind: 'ban',
    userId,
    name: user?.displayName ?? user?.username,
    untilMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  };
}

/** The time-outs that the log tells of, the newest word on each person. The API lists bans, and time-outs only here. */
export function timeoutsOf(
  log: readonly Pick<ModerationLog, 'action' | 'targetUserId' | 'createdAt' | 'metadata'>[],
): Bar[] {
  const last = new Map<string, (typeof log)[number]>();
  for (const line of log) {
    const { targetUserId: of, createdAt } = line;
    if (of !== undefined && (last.get(of)?.createdAt ?? '') < createdAt) {
      last.set(of, line);
    }
  }
  return [...last].flatMap(([userId, { action, createdAt, metadata }]) => {
    const seconds = metadata?.['durationSeconds'];
    if (action !== 'timeout' || typeof seconds !== 'number') {
      return [];
    }
    return [{ kind: 'timeout', userId, name: undefined, untilMs: Date.parse(createdAt) + seconds * 1000 }];
  });
}
