import { Player } from '@tallylight/client/player/player.ts';
import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import { element, setText } from './element.ts';
import { listenToKeys } from './keyboard.ts';
import { QualityMenu } from './quality-menu.ts';
import { RememberedFlag } from './remembered-flag.ts';
import { SettingsPanel, TransportNotice } from './settings-panel.ts';
import { StatsPanel } from './stats-panel.ts';
import { streamAddresses } from './stream-addresses.ts';
import { isManaged } from './stream-page.ts';
import { latencyWords, noticeWords, secondsWords } from './words.ts';

/** Figures in the bar change once a second: a number that flickers cannot be read. */
const FIGURE_INTERVAL_MS = 1_000;

/** The watch page of one stream: picture, bar, title. */
export class WatchView {
  /** To be placed by the page. */
  readonly root = element('article');
  readonly player: Player;
  readonly #video = element('video');
  readonly #notice = element('div', { className: 'notice', hidden: true });
  readonly #noticeText = element('p');
  readonly #noticeDetails = element('details', { hidden: true }, element('summary', { text: 'Details' }));
  readonly #noticeCode = element('p');
  readonly #start = element('button', { className: 'button primary', text: 'Play', hidden: true });
  readonly #unmute = element('button', { className: 'button pill', text: 'Tap to unmute', hidden: true });
  readonly #play = element('button', { className: 'button', text: 'Play' });
  readonly #mute = element('button', { className: 'button', text: 'Mute' });
  readonly #volume = element('input', { className: 'volume' });
  readonly #live = element('button', { className: 'button live', text: 'LIVE' });
  readonly #latency = element('span', { className: 'latency' });
  readonly #statsButton = element('button', { className: 'button', text: 'Stats' });
  readonly #settingsButton = element('button', { className: 'button', text: 'Settings' });
  readonly #transport = new TransportNotice();
  readonly #ultraLowLatency = new RememberedFlag('tallylight.ultra-low-latency', false);
  readonly #settings: SettingsPanel;
  readonly #stage: HTMLElement;
  readonly #about: HTMLElement;
  readonly #stats: StatsPanel;
  readonly #quality: QualityMenu;
  readonly #closing = new AbortController();
  readonly #figureTimer: ReturnType<typeof setInterval>;
  #statusSinceMs = performance.now();
  #status: PlayerState['status'] = 'loading';

  /** `playlistUrl` is of a stream that not everybody may watch: with its token in it. */
  constructor(streamId: string, title: string, playlistUrl?: string) {
    this.#video.playsInline = true;
    this.#video.setAttribute('aria-label', `Live stream: ${title}`);
    this.player = new Player({
      ...streamAddresses(streamId, playlistUrl),
      media: this.#video,
      ultraLowLatency: this.#ultraLowLatency.value,
    });
    this.#settings = new SettingsPanel((on) => {
      this.#ultraLowLatency.value = on;
      this.player.setUltraLowLatency(on);
    });
    this.#stats = new StatsPanel(this.#video);
    this.#quality = new QualityMenu((id) => {
      this.player.setRendition(id);
    });
    this.#latency.title = 'Counted from the picture’s arrival at the server';
    this.#noticeDetails.append(this.#noticeCode);
    this.#notice.append(this.#noticeText, this.#start, this.#noticeDetails);
    this.#noticeText.setAttribute('role', 'status');
    this.#about = aboutOf(title, streamId);
    this.#stage = element('div', { className: 'stage' }, this.#video, this.#notice, this.#unmute);
    this.root.append(
      this.#stage,
      this.#bar(),
      this.#transport.root,
      this.#settings.root,
      this.#stats.root,
      this.#about,
    );
    this.#listen();
    this.player.store.subscribe((state) => {
      this.#show(state);
    });
    this.#show(this.player.store.get());
    this.#figureTimer = setInterval(() => {
      this.#showFigures();
    }, FIGURE_INTERVAL_MS);
    void this.player.play();
  }

  /** Where the picture is, for what lies over it. */
  get stage(): HTMLElement {
    return this.#stage;
  }

  /** The title, for what stands below it. */
  get about(): HTMLElement {
    return this.#about;
  }

  /** Ends playback and listening. */
  close(): void {
    this.#closing.abort();
    clearInterval(this.#figureTimer);
    this.player.destroy();
    this.root.remove();
  }

  #bar(): HTMLElement {
    const fullscreen = element('button', { className: 'button', text: 'Full screen' });
    fullscreen.addEventListener('click', () => {
      this.#toggleFullscreen();
    });
    this.#volume.type = 'range';
    this.#volume.max = '100';
    this.#volume.setAttribute('aria-label', 'Volume');
    this.#statsButton.setAttribute('aria-controls', 'stats');
    this.#statsButton.setAttribute('aria-pressed', 'false');
    this.#settingsButton.setAttribute('aria-controls', 'settings');
    this.#settingsButton.setAttribute('aria-expanded', 'false');
    const space = element('span', { className: 'space' });
    return element(
      'div',
      { className: 'bar' },
      this.#play,
      this.#mute,
      this.#volume,
      this.#live,
      this.#latency,
      space,
      this.#quality.root,
      this.#settingsButton,
      this.#statsButton,
      fullscreen,
    );
  }

  #listen(): void {
    const { player } = this;
    const toggleMuted = (): void => {
      player.setMuted(!player.store.get().muted);
    };
    const togglePlay = (): void => {
      this.#togglePlay();
    };
    this.#play.addEventListener('click', togglePlay);
    this.#start.addEventListener('click', () => {
      void player.play();
    });
    this.#mute.addEventListener('click', toggleMuted);
    this.#unmute.addEventListener('click', () => {
      player.setMuted(false);
    });
    this.#video.addEventListener('click', () => {
      // The first click on a picture that was muted by the browser asks for sound, not for a pause.
      if (player.store.get().mutedByAutoplay) {
        player.setMuted(false);
      } else {
        togglePlay();
      }
    });
    this.#volume.addEventListener('input', () => {
      player.setVolume(this.#volume.valueAsNumber / 100);
      player.setMuted(false);
    });
    this.#live.addEventListener('click', () => {
      player.goLive();
    });
    this.#statsButton.addEventListener('click', () => {
      this.#toggleStats();
    });
    this.#settingsButton.addEventListener('click', () => {
      const { root } = this.#settings;
      root.hidden = !root.hidden;
      this.#settingsButton.setAttribute('aria-expanded', String(!root.hidden));
    });
    listenToKeys(
      {
        togglePlay,
        toggleMuted,
        changeVolume: (by) => {
          player.setVolume(player.store.get().volume + by);
        },
        goLive: () => {
          player.goLive();
        },
        toggleFullscreen: () => {
          this.#toggleFullscreen();
        },
        toggleStats: () => {
          this.#toggleStats();
        },
      },
      this.#closing.signal,
    );
  }

  #togglePlay(): void {
    const { status } = this.player.store.get();
    if (status === 'paused' || this.#video.paused) {
      void this.player.play();
    } else {
      this.player.pause();
    }
  }

  #toggleFullscreen(): void {
    void (document.fullscreenElement === null ? this.#stage.requestFullscreen() : document.exitFullscreen());
  }

  #toggleStats(): void {
    this.#stats.root.hidden = !this.#stats.root.hidden;
    this.#statsButton.setAttribute('aria-pressed', String(!this.#stats.root.hidden));
    this.#stats.update(this.player.store.get());
  }

  #show(state: PlayerState): void {
    if (state.status !== this.#status) {
      this.#status = state.status;
      this.#statusSinceMs = performance.now();
      this.#showFigures();
    }
    setText(this.#play, state.status === 'paused' ? 'Play' : 'Pause');
    setText(this.#mute, state.muted ? 'Unmute' : 'Mute');
    this.#volume.value = String(state.muted ? 0 : Math.round(state.volume * 100));
    this.#unmute.hidden = !(state.mutedByAutoplay && state.muted && state.status === 'playing');
    this.#quality.update(state);
    this.#settings.update(state);
    this.#transport.update(state);
    this.#showNotice(state);
    this.#showEdge(state);
  }

  #showEdge(state: PlayerState): void {
    const onAir = state.status === 'playing' && state.atLive;
    this.#live.classList.toggle('at-edge', onAir);
    this.#live.disabled = onAir || state.status === 'loading' || state.status === 'waiting-for-publisher';
    document.body.classList.toggle('on-air', state.status === 'playing');
    if (state.status === 'waiting-for-publisher') {
      // Nothing was there yet that could come back.
      setText(this.#live, state.error?.code === 'STREAM_NOT_LIVE' ? 'OFF AIR' : 'RECONNECTING');
    } else if (onAir || state.status === 'loading' || state.status === 'stalled') {
      setText(this.#live, 'LIVE');
    } else if (state.status === 'ended' || state.status === 'error') {
      setText(this.#live, 'OFF AIR');
    }
  }

  #showNotice(state: PlayerState): void {
    const blocked = state.playBlocked && state.status === 'paused';
    const words = blocked
      ? 'Press play to watch.'
      : noticeWords(state, performance.now() - this.#statusSinceMs);
    this.#notice.hidden = words === undefined;
    this.#start.hidden = !blocked;
    setText(this.#noticeText, words ?? '');
    this.#noticeDetails.hidden = state.error?.detail === undefined;
    setText(this.#noticeCode, `${state.error?.code ?? ''} ${state.error?.detail ?? ''}`);
  }

  #showFigures(): void {
    const state = this.player.store.get();
    const flowing = state.status === 'playing' || state.status === 'paused';
    setText(this.#latency, flowing && state.atLive ? latencyWords(state.latencyMs) : '');
    if (!state.atLive && flowing) {
      const behind = state.latencyMs === undefined ? '' : ` −${secondsWords(state.latencyMs / 1000)}`;
      setText(this.#live, `Back to live${behind}`);
    }
    this.#stats.update(state);
  }
}

function aboutOf(title: string, streamId: string): HTMLElement {
  const about = element('div', { className: 'about' }, element('h1', { text: title }));
  // A managed stream's id says nothing to people.
  if (title !== streamId && !isManaged(streamId)) {
    about.append(element('p', { text: streamId }));
  }
  return about;
}
