import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import {
  allowedQualities,
  allowedQuality,
  QUALITIES,
  type StreamQuality,
} from '@tallylight/client/broadcast/stream-quality.ts';
import { element, setText } from '../element.ts';
import { ChoiceMenu } from './choice-menu.ts';
import { recallChoice, recallKey, rememberChoice, rememberKey, type StudioMemory } from './studio-memory.ts';
import { limitWords, qualityWords } from './studio-words.ts';

/** What the form asks the studio to do. */
export interface SetupActions {
  keyChanged(): void;
  chooseCamera(deviceId: string): void;
  chooseMicrophone(deviceId: string): void;
  chooseQuality(quality: StreamQuality): void;
}

/** Key, camera, microphone and quality. The devices can be changed while live, the key not. */
export class SetupForm {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #key = element('input');
  readonly #reveal = element('button', { className: 'button', text: 'Show' });
  readonly #keyField: HTMLElement;
  readonly #camera: ChoiceMenu;
  readonly #microphone: ChoiceMenu;
  readonly #quality: ChoiceMenu;
  readonly #limits = element('p', { className: 'hint', hidden: true });
  #choice: StudioMemory = recallChoice();

  constructor(actions: SetupActions) {
    this.#key.type = 'password';
    this.#key.id = 'stream-key';
    this.#key.autocomplete = 'off';
    this.#key.spellcheck = false;
    this.#key.maxLength = 200;
    this.#key.placeholder = 'live_…';
    this.#key.value = recallKey();
    this.#key.addEventListener('input', () => {
      rememberKey(this.streamKey);
      actions.keyChanged();
    });
    this.#reveal.type = 'button';
    this.#reveal.setAttribute('aria-controls', this.#key.id);
    this.#reveal.addEventListener('click', () => {
      this.#showKey(this.#key.type === 'password');
    });
    const name = element('label', { className: 'field-name', text: 'Stream key' });
    name.htmlFor = this.#key.id;
    this.#keyField = element(
      'div',
      { className: 'field' },
      name,
      element('div', { className: 'key' }, this.#key, this.#reveal),
    );
    this.#camera = new ChoiceMenu('Camera', (cameraId) => {
      this.#remember({ cameraId });
      actions.chooseCamera(cameraId);
    });
    this.#microphone = new ChoiceMenu('Microphone', (microphoneId) => {
      this.#remember({ microphoneId });
      actions.chooseMicrophone(microphoneId);
    });
    this.#quality = new ChoiceMenu('Quality', (value) => {
      const quality = QUALITIES.find((each) => each === value) ?? '720p';
      this.#remember({ quality });
      actions.chooseQuality(quality);
    });
    this.root = element(
      'section',
      { className: 'panel setup' },
      this.#keyField,
      this.#camera.root,
      this.#microphone.root,
      this.#quality.root,
      this.#limits,
    );
    this.#limits.id = 'stream-limits';
    this.#quality.select.setAttribute('aria-describedby', this.#limits.id);
    this.root.setAttribute('aria-label', 'Source');
  }

  /** The field itself, to bring the keyboard to it. */
  get keyInput(): HTMLInputElement {
    return this.#key;
  }

  get streamKey(): string {
    return this.#key.value.trim();
  }

  /** The devices and quality that were chosen last. */
  get choice(): StudioMemory {
    return this.#choice;
  }

  /** Shows what is open; while on air the key is hidden. */
  show(state: BroadcastState, onAir: boolean): void {
    if (onAir) {
      this.#showKey(false);
    }
    this.#keyField.hidden = onAir;
    this.#camera.show(entries(state.cameras, 'Default camera'), state.cameraId ?? this.#choice.cameraId);
    this.#microphone.show(
      entries(state.microphones, 'Default microphone'),
      state.microphoneId ?? this.#choice.microphoneId,
    );
    this.#quality.show(
      allowedQualities(state.limits).map((value) => ({ value, text: qualityWords(value, state.limits) })),
      state.stream === null ? allowedQuality(this.#choice.quality, state.limits) : state.quality,
    );
    const allowed = limitWords(state.limits);
    this.#limits.hidden = allowed === undefined;
    setText(this.#limits, allowed ?? '');
    // Before the first permission browsers name no device: there is nothing to choose from.
    this.#camera.select.disabled = state.cameras.length === 0;
    this.#microphone.select.disabled = state.microphones.length === 0;
  }

  /** Another quality was chosen elsewhere. */
  keepQuality(quality: StreamQuality): void {
    this.#remember({ quality });
  }

  #remember(change: Partial<StudioMemory>): void {
    this.#choice = { ...this.#choice, ...change };
    rememberChoice(this.#choice);
  }

  #showKey(visible: boolean): void {
    this.#key.type = visible ? 'text' : 'password';
    this.#reveal.textContent = visible ? 'Hide' : 'Show';
  }
}

function entries(
  devices: readonly MediaDeviceInfo[],
  fallback: string,
): { readonly value: string; readonly text: string }[] {
  return devices.length === 0
    ? [{ value: '', text: fallback }]
    : devices.map(({ deviceId, label }, index) => ({
        value: deviceId,
        text: label === '' ? `${fallback} ${String(index + 1)}` : label,
      }));
}
