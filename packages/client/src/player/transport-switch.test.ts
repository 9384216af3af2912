import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { initialPlayerState, type PlayerState } from './player-state.ts';
import { Store } from './store.ts';
import { TransportSwitch } from './transport-switch.ts';
import type { WhepFacts } from './transport-words.ts';

/** What stands in for the two lanes and the copy of the picture, as the switch sees them. */
const fake = vi.hoisted(() => ({
  load: (): void => {},
  ready: (_playback: unknown): void => {},
  /** The session in the background. */
  attempt: undefined as unknown,
  /** What is known of WHEP. */
  facts: {} as WhepFacts,
  /** Lets the copies of the picture be ready. */
  copies: [] as (() => void)[],
}));

vi.mock('./hls-lane.ts', () => ({
  HlsLane: class {
    readonly searching = false;
    readonly final = false;
    readonly ended = false;
    constructor(_url: string, _media: unknown, { load }: { load: (found: boolean) => void }) {
      fake.load = () => {
        load(true);
      };
    }
    create(): unknown {
      return { transport: 'll-hls', close: () => undefined, selectRendition: () => undefined };
    }
    rest(): void {}
    close(): void {}
  },
}));

vi.mock('./whep-lane.ts', () => ({
  WhepLane: class {
    constructor({ listener }: { listener: { ready: (playback: unknown) => void } }) {
      fake.ready = (playback) => {
        listener.ready(playback);
      };
    }
    get facts(): WhepFacts {
      return fake.facts;
    }
    get leftOver(): unknown {
      return fake.attempt;
    }
    awaits(playback: unknown): boolean {
      return fake.attempt === playback;
    }
    shown(): void {
      fake.attempt = undefined;
    }
    wantsHls(): boolean {
      return true;
    }
    tick(): void {}
    sourceReturned(): void {}
    close(): void {}
  },
}));

vi.mock('./kept-picture.ts', () => ({
  KeptPicture: class {
    keep(): Promise<void> {
      return new Promise((resolve) => {
        fake.copies.push(resolve);
      });
    }
    dropAtNextPicture(): void {}
    drop(): void {}
  },
}));

beforeEach(() => {
  fake.attempt = undefined;
  fake.facts = { phase: 'trying', wanted: true, auto: true, failure: undefined };
  fake.copies.length = 0;
  vi.stubGlobal('document', { baseURI: 'https://example.test/watch/show' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network in this test')));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function transportSwitch(
  store = new Store<PlayerState>(initialPlayerState(0.3)),
  media = {} as HTMLMediaElement,
): TransportSwitch {
  return new TransportSwitch({
    player: { url: '/hls/show/index.m3u8', media },
    store,
    listener: {
      changing: () => undefined,
      changed: () => undefined,
      statusMayDiffer: () => undefined,
      renditionSwitching: () => undefined,
      everStarted: () => false,
    },
  });
}

/** A WHEP session that has pictures. */
function readySession(): unknown {
  return { transport: 'whep', attach: () => undefined, close: () => undefined };
}

/** The picture is copied; what waited for that has run. */
async function copyPicture(): Promise<void> {
  for (const done of fake.copies.splice(0)) {
    done();
  }
  await Promise.resolve();
  await Promise.resolve();
}

test('a WHEP session that is ready takes the screen once the last picture is copied', async () => {
  const transports = transportSwitch();
  fake.load();
  fake.attempt = readySession();
  fake.ready(fake.attempt);
  expect(transports.playback?.transport).toBe('ll-hls');
  await copyPicture();
  expect(transports.playback?.transport).toBe('whep');
});

test('a WHEP session that LL-HLS overtook while the picture was copied is shown at the next tick', async () => {
  const transports = transportSwitch();
  fake.attempt = readySession();
  fake.ready(fake.attempt);
  fake.load();
  await copyPicture();
  expect(transports.playback?.transport).toBe('ll-hls');
  transports.tick(1_000);
  await copyPicture();
  expect(transports.playback?.transport).toBe('whep');
});

test('a WHEP session is offered once, however many ticks go by while the picture is copied', () => {
  const transports = transportSwitch();
  fake.load();
  fake.attempt = readySession();
  fake.ready(fake.attempt);
  transports.tick(1_000);
  transports.tick(1_250);
  expect(fake.copies).toHaveLength(1);
});

test('a WHEP session that failed while the picture was copied does not take the screen', async () => {
  const transports = transportSwitch();
  fake.load();
  const lost = readySession();
  fake.attempt = lost;
  fake.ready(lost);
  fake.attempt = undefined;
  await copyPicture();
  expect(transports.playback?.transport).toBe('ll-hls');
});

test('the speed that LL-HLS played at is forgotten when WHEP takes the screen', async () => {
  const store = new Store<PlayerState>({ ...initialPlayerState(0.3), playbackRate: 0.95 });
  // The element goes back to its usual speed without a `ratechange`.
  const media = { playbackRate: 1 } as HTMLMediaElement;
  transportSwitch(store, media);
  fake.attempt = readySession();
  fake.ready(fake.attempt);
  await copyPicture();
  expect(store.get()).toMatchObject({ transport: 'whep', playbackRate: 1 });
});

test.each([
  ['playing', true],
  ['paused', true],
  ['stalled', true],
  ['loading', false],
  ['waiting-for-publisher', false],
  ['ended', false],
] as const)('that LL-HLS plays instead is said while it does: %s', (status, said) => {
  const store = new Store<PlayerState>(initialPlayerState(0.3));
  const transports = transportSwitch(store);
  fake.facts = { phase: 'resting', wanted: true, auto: true, failure: 'full' };
  fake.load();
  store.commit({ status });
  transports.tick(1_000);
  expect(store.get().transportReason.includes('It plays with a little more delay')).toBe(said);
});
