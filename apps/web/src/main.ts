import type { Player } from '@tallylight/client/player/player.ts';
import { accountLink } from './account/account-link.ts';
import { element } from './element.ts';
import { fetchLiveStreams, type LiveStreamEntry } from './live-streams.ts';
import { WatchPage, watch } from './watch/watch-page.ts';

declare global {
  interface Window {
    /** For tests and benches, and for the curious in the console. */
    tallylight?: { readonly player: Player };
  }
}

/** How often the start page asks what is live. */
const LIST_INTERVAL_MS = 3_000;
const WATCH_PATH = /^\/watch\/([^/]+)\/?$/;
const NETWORK_TEST_PATH = /^\/network-test\/?$/;
const STUDIO_PATH = /^\/studio\/?$/;
const SIGN_IN_PATH = /^\/sign-in\/?$/;
const RESET_PATH = /^\/reset-password\/?$/;
const STREAMS_PATH = /^\/streams\/?$/;
const ACCOUNT_PATH = /^\/account\/?$/;
const SETUP_PATH = /^\/setup\/?$/;

const main = document.querySelector('main') ?? document.body;

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
        watch(main, only.streamId, only.title);
        return;
      }
      next = JSON.stringify(entries);
      if (next !== shown) {
        if (only !== undefined && shown === '[]') {
          watch(main, only.streamId, only.title);
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

/** The page of one stream, with code of its own for its audience. */
async function streamPage(streamId: string): Promise<void> {
  await new WatchPage(main, streamId).run();
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

async function myAccount(): Promise<void> {
  const { AccountPage } = await import('./account/account-page.ts');
  document.title = 'My account · Tallylight';
  main.replaceChildren(new AccountPage().root);
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
} else if (ACCOUNT_PATH.test(location.pathname)) {
  void myAccount();
} else if (SETUP_PATH.test(location.pathname)) {
  void setUp();
} else if (NETWORK_TEST_PATH.test(location.pathname)) {
  void networkTest();
} else if (watched === undefined) {
  void home();
} else {
  void streamPage(decoded(watched));
}
