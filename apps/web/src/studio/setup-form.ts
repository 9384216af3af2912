import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import {
  allowedQualities,
  allowedQuality,
  QUALITIES,
  type StreamQuality,
} from '@tallylight/client/broadcast/stream-quality.ts';
import { element, setText } from '../element.ts';
import { type Choice, ChoiceMenu } from './choice-menu.ts';
import { networkTestLink } from './network-test-link.ts';
import { recallChoice, recallKey, rememberChoice, rememberKey, type StudioMemory } from './studio-memory.ts';
import { limitWords, qualityWords } from './studio-words.ts';

/** Stands for no device in a menu. */
const NONE = '';

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
    const networkTest = element('p', { className: 'hint' }, networkTestLink());
    this.root = element(
      'section',
      { className: 'panel setup' },
      this.#keyField,
      this.#camera.root,
      this.#microphone.root,
      this.#quality.root,
      this.#limits,
      networkTest,
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
    const open = state.stream !== null;
    // Before anything is open it is a wish; after that the menus say what is so.
    const cameraId = open ? (state.cameraId ?? NONE) : this.#choice.cameraId;
    const microphoneId = open ? (state.microphoneId ?? NONE) : this.#choice.microphoneId;
    this.#camera.show(entries(state.cameras, 'camera', cameraId === NONE), cameraId);
    this.#microphone.show(entries(state.microphones, 'microphone', microphoneId === NONE), microphoneId);
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

/** The devices of a kind; `none`: none of them is open, though it could be. */
function entries(
  devices: readonly MediaDeviceInfo[],
  kind: 'camera' | 'microphone',
  none: boolean,
): readonly Choice[] {
  if (devices.length === 0) {
    return [{ value: NONE, text: none ? 'None' : `Default ${kind}` }];
  }
  const named = devices.map(({ deviceId, label }, index) => ({
    value: deviceId,
    text: label === '' ? `Default ${kind} ${String(index + 1)}` : label,
  }));
  return none ? [{ value: NONE, text: 'None', disabled: true }, ...named] : named;
}
