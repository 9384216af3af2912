import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { StreamClient } from '@tallylight/client/broadcast/stream-client.ts';
import { element, setText } from '../element.ts';
import './studio.css';
import { EndQuestion } from './end-question.ts';
import { HealthPanel } from './health-panel.ts';
import { LevelBar } from './level-bar.ts';
import { networkTestLink } from './network-test-link.ts';
import { OnAirBar } from './on-air-bar.ts';
import { keepScreenOn } from './screen-lock.ts';
import { SetupForm } from './setup-form.ts';
import { SourceControls } from './source-controls.ts';
import {
  badgeWords,
  countdownWords,
  durationWords,
  goLiveObstacle,
  isMediaPathError,
  lowerQuality,
  statusWords,
  viewerWords,
} from './studio-words.ts';
import { WatchLink } from './watch-link.ts';

declare global {
  interface Window {
    /** For tests, and for the curious in the console. */
    tallylightStudio?: { readonly client: StreamClient };
  }
}

/** Of clock, countdown and figures. */
const FIGURE_INTERVAL_MS = 1_000;

/** The studio: choose what to show, see it, go live, and see how it goes. */
export class StudioView {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'studio' });
  readonly client: StreamClient;
  readonly #video = element('video');
  readonly #badge = element('span', { className: 'corner-badge' });
  readonly #status = element('p', { className: 'status' });
  /** Changes each second, so it is only to be seen: `#status` is read aloud. */
  readonly #countdown = element('p', { className: 'hint', hidden: true });
  readonly #error = element('p', { className: 'warning', hidden: true });
  /** The same, where the eyes are while there is no picture. */
  readonly #openError = element('p', { className: 'warning', hidden: true });
  readonly #networkTest = networkTestLink();
  readonly #goLive = element('button', { className: 'button primary go-live', text: 'Go live' });
  readonly #cancel = element('button', { className: 'button', text: 'Cancel', hidden: true });
  readonly #obstacle = element('p', { className: 'hint' });
  readonly #watch = new WatchLink();
  readonly #go = element('section', { className: 'panel go' });
  readonly #invitation = element('div', { className: 'invitation' });
  readonly #bar: OnAirBar;
  readonly #question: EndQuestion;
  readonly #setup: SetupForm;
  readonly #controls: SourceControls;
  readonly #level = new LevelBar();
  readonly #health: HealthPanel;
  readonly #screenLock = keepScreenOn();
  #wasOnAir = false;
  #tickedFor = '';
  #lasted = '';
  #peakViewers = 0;

  constructor() {
    this.#setup = new SetupForm({
      keyChanged: () => {
        this.#show();
      },
      chooseCamera: (deviceId) => {
        if (this.#open) {
          void this.client.switchCamera(deviceId).catch(shown);
        }
      },
      chooseMicrophone: (deviceId) => {
        if (this.#open) {
          void this.client.switchMicrophone(deviceId).catch(shown);
        }
      },
      chooseQuality: (quality) => {
        if (this.#open) {
          void this.client.changeQuality(quality).catch(shown);
        }
      },
    });
    const setup = this.#setup;
    this.client = new StreamClient({
      // Named by the page of one's streams; else the key alone tells it.
      streamId: new URL(location.href).searchParams.get('stream') ?? '',
      ingestUrl: '/whip',
      userId: '',
      // Read when the broadcast starts, not now.
      get streamKey() {
        return setup.streamKey;
      },
    });
    this.#bar = new OnAirBar(() => {
      this.#question.ask(this.#state.server?.viewers ?? 0);
    });
    this.#question = new EndQuestion(() => {
      void this.client.endStream().catch(shown);
    });
    this.#health = new HealthPanel(() => {
      const quality = lowerQuality(this.#state.quality);
      if (quality !== undefined) {
        this.#setup.keepQuality(quality);
        void this.client.changeQuality(quality).catch(shown);
      }
    });
    this.#controls = new SourceControls({
      turnOn: (device) => {
        this.#turnOn(device);
      },
      toggleVideo: (enabled) => {
        this.client.toggleVideo(enabled);
      },
      toggleAudio: (enabled) => {
        this.client.toggleAudio(enabled);
      },
      shareScreen: (withCamera) => {
        void this.client.shareScreen(withCamera, this.#setup.choice.quality).catch(shown);
      },
      stopSharing: () => {
        this.client.stopSharing();
      },
      showCameraOnScreen: (withCamera) => {
        this.client.showCameraOnScreen(withCamera);
      },
    });
    this.#goLive.addEventListener('click', () => {
      this.#lasted = '';
      this.#peakViewers = 0;
      void this.client.startBroadcast(this.#state.quality).catch(shown);
    });
    this.#cancel.addEventListener('click', () => {
      this.client.cancelStart();
      this.#goLive.focus();
    });
    this.#build();
    this.client.store.subscribe(() => {
      this.#show();
    });
    setInterval(() => {
      this.#tick();
    }, FIGURE_INTERVAL_MS);
    globalThis.addEventListener('beforeunload', (event) => {
      if (this.#onAir) {
        event.preventDefault();
      }
    });
    this.#show();
  }

  get #state(): BroadcastState {
    return this.client.store.get();
  }

  get #open(): boolean {
    return this.#state.stream !== null;
  }

  get #onAir(): boolean {
    return this.#state.status === 'live' || this.#state.status === 'reconnecting';
  }

  #build(): void {
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    this.#video.setAttribute('aria-label', 'Your picture');
    this.#status.setAttribute('role', 'status');
    this.#status.tabIndex = -1;
    this.#countdown.setAttribute('aria-hidden', 'true');
    this.#error.setAttribute('role', 'alert');
    this.#openError.setAttribute('role', 'alert');
    this.#obstacle.id = 'go-live-obstacle';
    this.#goLive.setAttribute('aria-describedby', this.#obstacle.id);
    const turnOn = element('button', { className: 'button primary', text: 'Turn on camera and microphone' });
    turnOn.addEventListener('click', () => {
      this.#turnOn();
    });
    this.#invitation.append(
      element('p', { text: 'Nobody sees your picture before you go live.' }),
      this.#openError,
      turnOn,
    );
    const stage = element('div', { className: 'stage' }, this.#video, this.#badge, this.#invitation);
    const program = element('div', { className: 'program' }, stage, this.#level.root, this.#controls.root);
    this.#go.append(
      this.#status,
      this.#countdown,
      this.#error,
      this.#networkTest,
      this.#goLive,
      this.#cancel,
      this.#obstacle,
      this.#watch.root,
    );
    // A phone shows these one below the other: what goes out and the button for it come before the choices.
    const side = element('div', { className: 'side' }, this.#go, this.#health.root, this.#setup.root);
    this.root.append(
      element('h1', { text: 'Studio' }),
      this.#bar.root,
      element('div', { className: 'studio-grid' }, program, side),
      this.#question.root,
    );
  }

  /** Opens both devices, or one alone. */
  #turnOn(only?: 'camera' | 'microphone'): void {
    void this.client.startPreview({ ...this.#setup.choice, only }).catch(shown);
  }

  #show(): void {
    const state = this.#state;
    const onAir = this.#onAir;
    const refocus = this.#focusAfter(state, onAir);
    if (this.#video.srcObject !== state.stream) {
      this.#video.srcObject = state.stream;
    }
    this.#video.classList.toggle('mirrored', state.picture === 'camera' && !onAir);
    this.#badge.hidden = state.stream === null;
    this.#invitation.hidden = state.stream !== null;
    this.#wasOnAir = onAir;
    this.#health.root.hidden = !onAir;
    setText(this.#badge, badgeWords(state.status));
    this.#badge.classList.toggle('at-edge', state.status === 'live');
    document.body.classList.toggle('on-air', state.status === 'live');
    const [shownError, otherError] =
      state.stream === null ? [this.#openError, this.#error] : [this.#error, this.#openError];
    shownError.hidden = state.error === undefined;
    otherError.hidden = true;
    setText(shownError, state.error?.message ?? '');
    setText(otherError, '');
    this.#networkTest.hidden = shownError !== this.#error || !isMediaPathError(state.error);
    this.#goLive.hidden = onAir;
    const obstacle = onAir ? undefined : goLiveObstacle(state, this.#setup.streamKey);
    this.#goLive.disabled = obstacle !== undefined || state.status === 'connecting';
    this.#cancel.hidden = state.status !== 'connecting';
    this.#obstacle.hidden = obstacle === undefined;
    setText(this.#obstacle, obstacle ?? '');
    this.#setup.show(state, onAir);
    this.#controls.show(state);
    this.#level.show(this.client.microphone, state.microphoneLabel ?? 'the microphone', !state.audioEnabled);
    this.#watch.show(state.watchUrl);
    this.#screenLock.hold(onAir);
    if (!onAir) {
      this.#question.close();
    }
    this.#showStatus();
    refocus?.focus();
  }

  /** Where the keyboard goes when what it was on disappears; undefined when it stays. */
  #focusAfter(state: BroadcastState, onAir: boolean): HTMLElement | undefined {
    const active = document.activeElement;
    if (this.#invitation.contains(active) && state.stream !== null) {
      return this.#setup.streamKey === '' ? this.#setup.keyInput : this.#goLive;
    }
    if (this.#wasOnAir === onAir) {
      return undefined;
    }
    return onAir ? this.#bar.root : this.#status;
  }

  /** What changes with the time. */
  #tick(): void {
    const state = this.#state;
    const nowMs = performance.now();
    if (this.#onAir && state.liveSinceMs !== undefined) {
      this.#lasted = durationWords(nowMs - state.liveSinceMs);
      this.#peakViewers = Math.max(this.#peakViewers, state.server?.viewers ?? 0);
    }
    const countdown = countdownWords(state, nowMs);
    this.#countdown.hidden = countdown === undefined;
    setText(this.#countdown, countdown ?? '');
    this.#bar.show(state, nowMs);
    this.#health.show(state);
  }

  /** What changes with the state; with its figures only once a second. */
  #showStatus(): void {
    const { status, health, liveSinceMs } = this.#state;
    const key = `${status} ${health?.cause ?? ''} ${String(liveSinceMs)}`;
    if (key !== this.#tickedFor) {
      this.#tickedFor = key;
      this.#tick();
    }
    const lasted =
      status === 'ended' && this.#lasted !== ''
        ? ` It lasted ${this.#lasted}, with ${viewerWords(this.#peakViewers)} at most.`
        : '';
    setText(this.#status, statusWords(this.#state) + lasted);
  }
}

/** Failures are in the client's state, which the page shows in words. */
function shown(): void {}
