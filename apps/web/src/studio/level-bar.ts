import { LevelMeter } from '@tallylight/client/broadcast/capture/level-meter.ts';
import { SilenceWatch } from '@tallylight/client/broadcast/capture/silence-watch.ts';
import { element, setText } from '../element.ts';

const READ_INTERVAL_MS = 66;
/** The left end of the bar. */
const FLOOR_DBFS = -60;
/** From here it is loud, from here on it clips. */
const LOUD_DBFS = -6;
const CLIPPING_DBFS = -1;
/** A needle that falls slower than the sound can be read. */
const FALL_DB = 2.5;

/** The microphone's level as a bar, and a sentence when nothing is heard for ten seconds. */
export class LevelBar {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #fill = element('div', { className: 'level-fill' });
  readonly #bar = element('div', { className: 'level' }, this.#fill);
  readonly #mark = element('span', { className: 'level-mark', text: 'Muted', hidden: true });
  readonly #words = element('p', { className: 'warning', hidden: true });
  readonly #silence = new SilenceWatch();
  #meter: LevelMeter | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #label = '';
  #muted = false;
  #shownDbfs = FLOOR_DBFS;

  constructor() {
    this.#bar.setAttribute('role', 'meter');
    this.#bar.setAttribute('aria-label', 'Microphone level');
    this.#bar.setAttribute('aria-valuemin', String(FLOOR_DBFS));
    this.#bar.setAttribute('aria-valuemax', '0');
    this.#words.setAttribute('role', 'status');
    const name = element('span', { className: 'field-name', text: 'Mic' });
    const line = element('div', { className: 'level-line' }, name, this.#bar, this.#mark);
    this.root = element('div', { className: 'level-box', hidden: true }, line, this.#words);
  }

  /** Measures this microphone; `muted` on purpose is no reason to complain. */
  show(track: MediaStreamTrack | undefined, label: string, muted: boolean): void {
    this.root.hidden = track === undefined;
    if (label !== this.#label || muted !== this.#muted) {
      this.#silence.reset();
    }
    this.#label = label;
    this.#muted = muted;
    this.#mark.hidden = !muted;
    if (track === undefined) {
      this.close();
      return;
    }
    this.#meter ??= new LevelMeter();
    this.#meter.listenTo(track);
    this.#timer ??= setInterval(() => {
      this.#read();
    }, READ_INTERVAL_MS);
  }

  /** Measures no more. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#meter?.close();
    this.#meter = undefined;
  }

  #read(): void {
    const level = this.#meter?.read();
    if (level === undefined) {
      return;
    }
    this.#shownDbfs = Math.max(level.peakDbfs, this.#shownDbfs - FALL_DB, FLOOR_DBFS);
    const share = Math.min(1, 1 - this.#shownDbfs / FLOOR_DBFS);
    this.#fill.style.transform = `scaleX(${share.toFixed(3)})`;
    this.#fill.classList.toggle('loud', this.#shownDbfs > LOUD_DBFS);
    this.#fill.classList.toggle('clipping', this.#shownDbfs > CLIPPING_DBFS);
    this.#bar.setAttribute('aria-valuenow', String(Math.round(Math.min(0, this.#shownDbfs))));
    this.#bar.setAttribute(
      'aria-valuetext',
      this.#muted ? 'muted' : `${this.#shownDbfs.toFixed(0)} decibels`,
    );
    const silent = !this.#muted && this.#silence.update(level.peakDbfs, performance.now());
    this.#words.hidden = !silent;
    setText(
      this.#words,
      silent ? `No sound from ${this.#label}. Check its mute switch or choose another.` : '',
    );
  }
}
