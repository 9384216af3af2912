import { join } from 'node:path';
import { ChatStore } from '../../packages/client/src/realtime/chat-store.ts';
import { RealtimeClient } from '../../packages/client/src/realtime/realtime-client.ts';
import { processesIn } from '../../packages/server/src/db/embedded/process-proof.ts';
import { BYSTANDER_CLIP } from '../support/bystander.ts';
import { makeClip } from '../support/clip.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { PersistentEncoder } from '../support/persistent-encoder.ts';
import { descendants, ffmpegsBelow, isAlive } from '../support/process-tree.ts';
import { type OwnStream, Product } from '../support/product.ts';
import { waitFor } from '../support/wait-for.ts';
import { currentPlaylist, edgeMsn } from './edge-msn.ts';

/** A product with a stream that is on air and a viewer who chats all the time. */
export class BusyProduct {
  readonly product: Product;
  readonly stream: OwnStream;
  /** Texts that the viewer was told are stored. */
  readonly acked: string[] = [];
  /** What the viewer's page shows. */
  readonly chat: ChatStore;
  readonly #client: RealtimeClient;
  readonly #encoder: PersistentEncoder;
  readonly #owner: Awaited<ReturnType<Product['signUp']>>;
  readonly #chatting: Promise<void>;
  #isOver = false;

  private constructor(
    product: Product,
    owner: Awaited<ReturnType<Product['signUp']>>,
    stream: OwnStream,
    token: string,
    clip: string,
  ) {
    this.product = product;
    this.stream = stream;
    this.#owner = owner;
    this.#encoder = new PersistentEncoder(clip, `${product.server.rtmpUrl}/${stream.streamKey}`);
    this.#client = new RealtimeClient({ url: product.server.url, token: () => token });
    void this.#client.join(stream.id);
    this.chat = new ChatStore(this.#client, stream.id, { maxMessages: 100_000 });
    this.#client.connect();
    this.#chatting = this.#say();
  }

  /** Starts all of it and waits until the stream is live. */
  static async start(): Promise<BusyProduct> {
    const clip = await makeClip(BYSTANDER_CLIP);
    const product = await Product.start({ env: { ...QUICK_ENV, LADDER: '144p:100k' } });
    try {
      const owner = await product.signUp('Owner');
      const viewer = await product.signUp('Viewer');
      const busy = new BusyProduct(product, owner, await owner.stream(), viewer.token, clip);
      await waitFor('the stream to be live', async () => (await busy.status()) === 'live', 20_000);
      await waitFor('the ladder', () => ffmpegsBelow(product.server.pid).length > 0, 20_000);
      await waitFor('chat', () => busy.acked.length > 3, 20_000);
      return busy;
    } catch (error) {
      await product.stop();
      throw error;
    }
  }

  /** What the API says of the stream. */
  async status(): Promise<unknown> {
    return (await this.#owner.must('GET', `/api/streams/${this.stream.id}`))['status'];
  }

  /** PostgreSQL and FFmpegs of the server that runs. */
  children(): readonly number[] {
    const all = descendants(this.product.server.pid);
    return all.flatMap(({ pid, name }) => (name === 'postgres' || name === 'ffmpeg' ? [pid] : []));
  }

  /** PostgreSQL processes on this product's data, whoever started them. */
  postgres(): readonly number[] {
    return processesIn(join(this.product.server.dataDir, 'postgres', 'data'));
  }

  /** Waits for media of a segment after `msn` under the stream's address; gives the number of the newest one. */
  mediaAfter(msn: number): Promise<number> {
    const url = new URL('source/index.m3u8', this.product.server.playlistUrl(this.stream.id)).href;
    return waitFor(
      'media',
      async () => {
        const playlist = await currentPlaylist(url);
        const isLive = playlist !== undefined && (playlist.open?.parts.length ?? 0) > 0;
        return isLive && edgeMsn(playlist) > msn && edgeMsn(playlist);
      },
      30_000,
      20,
    );
  }

  /** The whole chat as the server gives it. */
  async history(): Promise<readonly { readonly content: string; readonly seq: number }[]> {
    const all: { readonly content: string; readonly seq: number }[] = [];
    for (;;) {
      const path = `/api/streams/${this.stream.id}/chat?limit=200&afterSeq=${all.length}`;
      const page = (await this.#owner.must('GET', path)) as unknown as typeof all;
      all.push(...page);
      if (page.length < 200) return all;
    }
  }

  /** The viewer says no more; everything that they said is acknowledged. */
  async quiet(): Promise<void> {
    this.#isOver = true;
    await this.#chatting;
  }

  /** Ends the viewer and the encoder. */
  async leave(): Promise<void> {
    this.#isOver = true;
    this.chat.close();
    await this.#chatting;
    this.#client.close();
    await this.#encoder.stop();
  }

  async #say(): Promise<void> {
    for (let n = 1; !this.#isOver; n += 1) {
      try {
        this.acked.push((await this.chat.send(`message ${n}`)).content);
      } catch {
        // Not open yet, or closed.
      }
      // Below the limit of a person.
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  }
}

/** What one SIGKILL of the whole server did. Times are milliseconds since the kill. */
export interface ProductKill {
  readonly readyMs: number;
  readonly mediaMs: number;
  readonly msnBefore: number;
  readonly msnAfter: number;
  /** Said by the API as soon as it answers, and with media back. */
  readonly statuses: readonly unknown[];
  /** Processes of the dead server that still lived when media was back. */
  readonly orphans: number;
}

/** Kills it and waits until everything is back. */
export async function killProduct(busy: BusyProduct): Promise<ProductKill> {
  const { product } = busy;
  const msnBefore = await busy.mediaAfter(0);
  const children = busy.children();
  const killedMs = performance.now();
  await product.server.signal('SIGKILL');
  await product.server.launch();
  const media = busy.mediaAfter(msnBefore).then((msn) => ({ msn, ms: performance.now() - killedMs }));
  await product.ready();
  const readyMs = performance.now() - killedMs;
  const atOnce = await busy.status();
  const { msn, ms } = await media;
  return {
    readyMs,
    mediaMs: ms,
    msnBefore,
    msnAfter: msn,
    statuses: [atOnce, await busy.status()],
    orphans: children.filter(isAlive).length,
  };
}
