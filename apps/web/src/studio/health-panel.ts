import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { element, setText } from '../element.ts';
import { bitrateWords } from '../words.ts';
import { adviceFigures, adviceWords, lowerQuality } from './studio-words.ts';

const WORD_SIGNS = { Good: '✓', Fair: '!', Poor: '✕' } as const;

/** How the stream leaves this browser and arrives: one word, what to do about it, and the figures. */
export class HealthPanel {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #word = element('strong', { className: 'health-word', text: 'Measuring' });
  readonly #advice = element('p', { className: 'warning', hidden: true });
  /** Changes with each reading, so it is only to be seen. */
  readonly #adviceFigures = element('p', { className: 'hint', hidden: true });
  readonly #lower = element('button', { className: 'button', text: 'Lower it', hidden: true });
  readonly #figures = element('dl', { className: 'figures' });
  readonly #warnings = element('ul', { className: 'warnings' });
  readonly #values = new Map<string, HTMLElement>();
  #warned = '';

  /** `lower` is called when the broadcaster takes the advice to choose a lower quality. */
  constructor(lower: () => void) {
    this.#lower.addEventListener('click', lower);
    this.#advice.setAttribute('role', 'status');
    this.#adviceFigures.setAttribute('aria-hidden', 'true');
    this.#warnings.setAttribute('aria-label', 'What the server noticed');
    const heading = element('h2', {}, document.createTextNode('Health '), this.#word);
    this.root = element(
      'section',
      { className: 'panel' },
      heading,
      this.#advice,
      this.#adviceFigures,
      this.#lower,
      this.#warnings,
      this.#figures,
    );
  }

  /** Shows the newest figures. */
  show(state: BroadcastState): void {
    const { health, figures, server } = state;
    const pending = state.status === 'live' ? 'Measuring' : 'Not connected';
    setText(this.#word, health === undefined ? pending : `${WORD_SIGNS[health.word]} ${health.word}`);
    this.#word.dataset['word'] = health?.word ?? '';
    const advice = adviceWords(state);
    this.#advice.hidden = advice === undefined;
    setText(this.#advice, advice ?? '');
    const behind = adviceFigures(state);
    this.#adviceFigures.hidden = behind === undefined;
    setText(this.#adviceFigures, behind ?? '');
    this.#lower.hidden =
      lowerQuality(state.quality) === undefined ||
      (health?.cause !== 'upload' && health?.cause !== 'computer');
    this.#showWarnings(state);
    this.#set('Video', figures === undefined ? '–' : bitrateWords(figures.videoBitrateBps));
    this.#set('Frames', figures === undefined ? '–' : `${figures.framesPerSecond.toFixed(0)} per second`);
    this.#set(
      'Picture',
      figures === undefined || figures.width === 0
        ? '–'
        : `${String(figures.width)} × ${String(figures.height)} ${figures.videoCodec ?? ''}`,
    );
    this.#set('Sound', figures === undefined ? '–' : bitrateWords(figures.audioBitrateBps));
    this.#set('Loss', percentWords(figures?.lossFraction));
    this.#set('Round trip', figures?.rttMs === undefined ? '–' : `${figures.rttMs.toFixed(0)} ms`);
    const arrives = state.status === 'live' ? server?.bitrateBps : undefined;
    this.#set('Arrives', arrives === undefined ? '–' : bitrateWords(arrives));
    this.#set('Score', health === undefined ? '–' : `${String(health.score)} of 100`);
  }

  #showWarnings(state: BroadcastState): void {
    const warnings = state.server?.warnings ?? [];
    const key = JSON.stringify(warnings);
    if (key !== this.#warned) {
      this.#warned = key;
      this.#warnings.replaceChildren(
        ...warnings.map(({ message }) => element('li', { className: 'warning', text: message })),
      );
    }
  }

  #set(term: string, value: string): void {
    let target = this.#values.get(term);
    if (target === undefined) {
      target = element('dd');
      this.#values.set(term, target);
      this.#figures.append(element('div', {}, element('dt', { text: term }), target));
    }
    setText(target, value);
  }
}

function percentWords(fraction: number | undefined): string {
  return fraction === undefined ? '–' : `${(fraction * 100).toFixed(1)} %`;
}
