import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import { networkTestHelps, playsByHls } from '@tallylight/client/player/transport-words.ts';
import { element, setText } from './element.ts';

/** What the viewer can set, besides the bar's own controls; below the bar, hidden at first. */
export class SettingsPanel {
  /** To be placed by the page. */
  readonly root = element('section', { className: 'settings', hidden: true });
  readonly #switch = element('input');
  readonly #reason = element('p', { className: 'hint' });

  constructor(setUltraLowLatency: (on: boolean) => void) {
    this.root.id = 'settings';
    this.root.setAttribute('aria-label', 'Settings');
    this.#switch.type = 'checkbox';
    this.#switch.setAttribute('role', 'switch');
    this.#reason.id = 'ultra-low-latency-reason';
    this.#switch.setAttribute('aria-describedby', this.#reason.id);
    this.#switch.addEventListener('change', () => {
      setUltraLowLatency(this.#switch.checked);
    });
    const label = element(
      'label',
      { className: 'switch' },
      this.#switch,
      element('span', { text: 'Ultra-low latency' }),
    );
    this.root.append(label, this.#reason);
  }

  /** Shows what is so now. */
  update(state: PlayerState): void {
    this.#switch.checked = state.ultraLowLatency;
    setText(
      this.#reason,
      state.ultraLowLatency
        ? state.transportReason
        : 'Plays by WebRTC, a fraction of a second behind. A bad network shows sooner.',
    );
  }
}

/** One line under the bar for a viewer who wants ultra-low latency and does not get it: why, and where to find out more. */
export class TransportNotice {
  /** To be placed by the page. */
  readonly root = element('p', { className: 'transport', hidden: true });
  readonly #words = element('span');
  readonly #link = element('a', { text: 'Test your network' });

  constructor() {
    this.root.setAttribute('role', 'status');
    this.#link.href = '/network-test';
    this.#link.target = '_blank';
    this.#link.rel = 'noopener';
    this.root.append(this.#words, ' ', this.#link);
  }

  /** Shows what is so now. A fixed rendition was the viewer's own choice and needs no notice. */
  update(state: PlayerState): void {
    const missed = state.ultraLowLatency && state.whepFailure !== undefined && playsByHls(state);
    setText(this.#words, missed ? state.transportReason : '');
    this.#link.hidden = !networkTestHelps(state.whepFailure);
    this.root.hidden = !missed;
  }
}
