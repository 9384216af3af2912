import { ApiClient } from '@tallylight/client/api/api-client.ts';
import { fetchMe } from '../account/session.ts';
import { ChannelBar } from '../channel/channel-bar.ts';
import { element } from '../element.ts';
import { fetchLiveStreams } from '../live-streams.ts';
import { renewAddresses } from '../stream-addresses.ts';
import { fetchStreamPage, type StreamPage } from '../stream-page.ts';
import { WatchView } from '../watch-view.ts';
import { aboutWords } from './about-words.ts';
import { ComingView } from './coming-view.ts';

/** How often a page that waits asks again. */
const WAIT_MS = 3_000;

/** The page of one stream, from before it begins to after its end; what has no page of its own is simply played. */
export class WatchPage {
  readonly #main: Element;
  readonly #streamId: string;
  readonly #api = new ApiClient();
  #me: ReturnType<typeof fetchMe> | undefined;
  #coming: ComingView | undefined;
  #channel: Promise<ChannelBar | undefined> | undefined;

  /** @param main is what the page fills. */
  constructor(main: Element, streamId: string) {
    this.#main = main;
    this.#streamId = streamId;
  }

  /** Shows it as it is, again and again until it is over or plays. Never rejects. */
  async run(): Promise<void> {
    for (;;) {
      let page: StreamPage | undefined;
      try {
        page = await fetchStreamPage(this.#streamId, AbortSignal.timeout(10_000));
      } catch {
        // What is shown of a stream to come is still right.
        if (this.#coming === undefined) {
          this.#say('The server does not answer. Trying again.');
        }
        await pause(WAIT_MS);
        continue;
      }
      if (page === undefined) {
        this.#coming?.close();
        this.#playUntitled();
        return;
      }
      document.title = `${page.title} · Tallylight`;
      if (page.phase === 'coming') {
        await this.#wait(page);
        continue;
      }
      this.#coming?.close();
      this.#coming = undefined;
      if (page.phase === 'over') {
        this.#slate(page);
        return;
      }
      await this.#play(page);
      return;
    }
  }

  async #play(page: StreamPage): Promise<void> {
    const view = watch(this.#main, this.#streamId, page.title, page.playlistUrl);
    view.about.append(aboutWords(page));
    void this.#placeChannel(page, (bar) => {
      view.about.after(bar.root);
    });
    if (page.playlistUrl !== undefined) {
      renewAddresses(view.player, this.#streamId, page.playlistUrl);
    }
    const { StreamRoom } = await import('../talk/stream-room.ts');
    await StreamRoom.open(this.#streamId, view).catch(() => undefined);
  }

  async #wait(page: StreamPage): Promise<void> {
    if (this.#coming === undefined) {
      const view = new ComingView(this.#api, this.#streamId, (await this.#whoIsHere())?.id, page);
      this.#coming = view;
      this.#main.replaceChildren(view.root);
      void this.#placeChannel(page, (bar) => {
        view.root.append(bar.root);
      });
    }
    this.#coming.update(page);
    await pause(WAIT_MS);
  }

  /** Asked only where there are accounts: a server without a control plane has no such page. */
  #whoIsHere(): ReturnType<typeof fetchMe> {
    this.#me ??= fetchMe();
    return this.#me;
  }

  /** The same bar before and after the start: what is open in it stays open. */
  async #placeChannel(page: StreamPage, place: (bar: ChannelBar) => void): Promise<void> {
    const { channelId } = page;
    if (channelId === undefined) {
      return;
    }
    this.#channel ??= this.#whoIsHere().then((me) => ChannelBar.open(this.#api, channelId, me !== undefined));
    const bar = await this.#channel;
    if (bar !== undefined) {
      place(bar);
    }
  }

  /** Plays a stream that the control plane does not know, or does not tell of. */
  #playUntitled(): void {
    const streamId = this.#streamId;
    watch(this.#main, streamId, streamId);
    void fetchLiveStreams(AbortSignal.timeout(10_000))
      .then((entries) => {
        const title = entries.find((entry) => entry.streamId === streamId)?.title;
        const heading = this.#main.querySelector('h1');
        if (title !== undefined && heading !== null) {
          heading.textContent = title;
          document.title = `${title} · Tallylight`;
        }
      })
      .catch(() => {
        // The title is an ornament: the stream's name stands in for it.
      });
  }

  /** Words where the picture would be. */
  #slate({ title, wasCalledOff }: StreamPage): void {
    const text = wasCalledOff ? 'The host called this stream off.' : 'This stream has ended.';
    const words = element('p', { text });
    const stage = element('div', { className: 'stage coming' }, element('h1', { text: title }), words);
    this.#main.replaceChildren(element('article', {}, stage));
  }

  #say(text: string): void {
    this.#main.replaceChildren(element('p', { className: 'empty', text }));
  }
}

/** Fills the page with a stream's picture and plays it. */
export function watch(main: Element, streamId: string, title: string, playlistUrl?: string): WatchView {
  const view = new WatchView(streamId, title, playlistUrl);
  document.title = `${title} · Tallylight`;
  main.replaceChildren(view.root);
  window.tallylight = { player: view.player };
  return view;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
