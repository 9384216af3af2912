import type { Player } from '@tallylight/client/player/player.ts';
import { accountLink } from './account/account-link.ts';
import { element, setText } from './element.ts';
import { fetchLiveStreams, type LiveStreamEntry } from './live-streams.ts';
import './slate.css';
import { comingWords, fetchStreamPage, type StreamPage, tokenOf } from './stream-page.ts';
import { WatchView } from './watch-view.ts';

declare global {
  interface Window {
    /** For tests and benches, and for the curious in the console. */
    tallylight?: { readonly player: Player };
  }
}

/** How often the start page asks what is live. */
const LIST_INTERVAL_MS = 3_000;
/** A private stream's token lasts an hour: before that the page takes a new one, and the picture starts anew. */
const TOKEN_RENEWAL_MS = 55 * 60_000;
const WATCH_PATH = /^\/watch\/([^/]+)\/?$/;
const NETWORK_TEST_PATH = /^\/network-test\/?$/;
const STUDIO_PATH = /^\/studio\/?$/;
const SIGN_IN_PATH = /^\/sign-in\/?$/;
const RESET_PATH = /^\/reset-password\/?$/;
const STREAMS_PATH = /^\/streams\/?$/;
const SETUP_PATH = /^\/setup\/?$/;

const main = document.querySelector('main') ?? document.body;

function watch(entry: LiveStreamEntry, playlistUrl?: string): WatchView {
  const view = new WatchView(entry.streamId, entry.title, playlistUrl);
  document.title = `${entry.title} · Tallylight`;
  main.replaceChildren(view.root);
  window.tallylight = { player: view.player };
  return view;
}

function message(text: string): void {
  main.replaceChildren(element('p', { className: 'empty', text }));
}

function list(entries: readonly LiveStreamEntry[]): void {
  const items = entries.map((entry) => {
    const link = element(
      'a',
      {},
      element('span', { className: 'badge', text: 'LIVE' }),
      element('span', { text: entry.title }),
    );
    link.href = `/watch/${encodeURIComponent(entry.streamId)}`;
    return element('li', {}, link);
  });
  main.replaceChildren(element('ul', { className: 'streams' }, ...items));
}

/** What a piece of the address says; as it stands when its escapes are broken (`/watch/%`), so that the page can say that there is no such stream. */
function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}

/** The start page: plays the only stream there is, or lists them. */
async function home(): Promise<void> {
  let shown = '';
  for (;;) {
    let next: string;
    try {
      const entries = await fetchLiveStreams(AbortSignal.timeout(10_000));
      const only = entries.length === 1 ? entries[0] : undefined;
      if (only !== undefined && shown === '' /* first answer */) {
        watch(only);
        return;
      }
      next = JSON.stringify(entries);
      if (next !== shown) {
        if (only !== undefined && shown === '[]') {
          watch(only);
          return;
        }
        if (entries.length === 0) {
          message('Nothing is live. This page starts by itself when a stream does.');
        } else {
          list(entries);
        }
      }
    } catch {
      next = 'unreachable';
      if (next !== shown) {
        message('The server does not answer. Trying again.');
      }
    }
    shown = next;
    await new Promise((resolve) => {
      setTimeout(resolve, LIST_INTERVAL_MS);
    });
  }
}

/** The page of one stream: until it is live it says when it begins; what has no page of its own is simply played. */
async function streamPage(streamId: string): Promise<void> {
  for (;;) {
    let page: StreamPage | undefined;
    try {
      page = await fetchStreamPage(streamId, AbortSignal.timeout(10_000));
    } catch {
      message('The server does not answer. Trying again.');
      await pause(LIST_INTERVAL_MS);
      continue;
    }
    if (page === undefined) {
      playUntitled(streamId);
      return;
    }
    document.title = `${page.title} · Tallylight`;
    if (page.phase === 'live') {
      const view = watch({ streamId, title: page.title }, page.playlistUrl);
      const { StreamRoom } = await import('./talk/stream-room.ts');
      const room = await StreamRoom.open(streamId, view).catch(() => undefined);
      if (tokenOf(page.playlistUrl) === undefined) {
        return;
      }
      await pause(TOKEN_RENEWAL_MS);
      room?.close();
      view.close();
      continue;
    }
    if (page.phase === 'over') {
      slate(page.title, 'This stream has ended.');
      return;
    }
    await countDown(page);
  }
}

/** Plays a stream that the control plane does not know, or does not tell of. */
function playUntitled(streamId: string): void {
  watch({ streamId, title: streamId });
  void fetchLiveStreams(AbortSignal.timeout(10_000))
    .then((entries) => {
      const title = entries.find((entry) => entry.streamId === streamId)?.title;
      const heading = main.querySelector('h1');
      if (title !== undefined && heading !== null) {
        heading.textContent = title;
        document.title = `${title} · Tallylight`;
      }
    })
    .catch(() => {
      // The title is an ornament: the stream's name stands in for it.
    });
}

/** Says for some seconds, to the second, when a stream begins. */
async function countDown({ title, startsAtMs }: StreamPage): Promise<void> {
  const untilMs = performance.now() + LIST_INTERVAL_MS;
  while (performance.now() < untilMs) {
    slate(title, comingWords(startsAtMs, Date.now()));
    await pause(1000);
  }
}

/** Words where the picture would be. */
function slate(title: string, text: string): void {
  const shown = main.querySelector('.coming p');
  if (shown !== null) {
    setText(shown, text);
    return;
  }
  const words = element('p', { text });
  const stage = element('div', { className: 'stage coming' }, element('h1', { text: title }), words);
  main.replaceChildren(element('article', {}, stage));
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** The studio comes with code of its own, which viewers need not load. */
async function studio(): Promise<void> {
  const { StudioView } = await import('./studio/studio-view.ts');
  const view = new StudioView();
  document.title = 'Studio · Tallylight';
  main.replaceChildren(view.root);
  window.tallylightStudio = { client: view.client };
}

async function networkTest(): Promise<void> {
  const { NetworkTestPage } = await import('./network-test/network-test-page.ts');
  document.title = 'Network test · Tallylight';
  main.replaceChildren(new NetworkTestPage().root);
}

async function signIn(): Promise<void> {
  const { SignInPage } = await import('./account/sign-in-page.ts');
  document.title = 'Sign in · Tallylight';
  main.replaceChildren(new SignInPage().root);
}

async function resetPassword(): Promise<void> {
  const { ResetPage } = await import('./account/reset-page.ts');
  document.title = 'New password · Tallylight';
  main.replaceChildren(new ResetPage().root);
}

async function myStreams(): Promise<void> {
  const { StreamsPage } = await import('./streams/streams-page.ts');
  document.title = 'My streams · Tallylight';
  main.replaceChildren(new StreamsPage().root);
}

async function setUp(): Promise<void> {
  const { SetupPage } = await import('./account/setup-page.ts');
  document.title = 'Welcome · Tallylight';
  main.replaceChildren(new SetupPage().root);
}

void accountLink().then((link) => {
  if (link !== undefined) {
    document.querySelector('.top')?.append(link);
  }
});

const watched = WATCH_PATH.exec(location.pathname)?.[1];
if (STUDIO_PATH.test(location.pathname)) {
  void studio();
} else if (SIGN_IN_PATH.test(location.pathname)) {
  void signIn();
} else if (RESET_PATH.test(location.pathname)) {
  void resetPassword();
} else if (STREAMS_PATH.test(location.pathname)) {
  void myStreams();
} else if (SETUP_PATH.test(location.pathname)) {
  void setUp();
} else if (NETWORK_TEST_PATH.test(location.pathname)) {
  void networkTest();
} else if (watched === undefined) {
  void home();
} else {
  void streamPage(decoded(watched));
}
