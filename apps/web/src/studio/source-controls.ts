import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { element, setText } from '../element.ts';

/** What the buttons under the picture do. */
export interface SourceActions {
  /** Opens this device alone: the other is not asked for, and not shown. */
  turnOn(device: 'camera' | 'microphone'): void;
  toggleVideo(enabled: boolean): void;
  toggleAudio(enabled: boolean): void;
  shareScreen(withCamera: boolean): void;
  stopSharing(): void;
  showCameraOnScreen(shown: boolean): void;
}

/** Camera, microphone and screen, on and off. */
export class SourceControls {
  /** To be placed by the page. */
  readonly root: HTMLElement;
  readonly #turnOn = element('button', { className: 'button', text: 'Turn on camera' });
  readonly #turnOnSound = element('button', { className: 'button', text: 'Turn on microphone' });
  readonly #video = element('button', { className: 'button' });
  readonly #audio = element('button', { className: 'button' });
  readonly #screen = element('button', { className: 'button', text: 'Share screen' });
  readonly #both = element('button', { className: 'button', text: 'Screen and camera' });
  readonly #corner = element('button', { className: 'button', text: 'Camera in the corner' });
  readonly #stop = element('button', { className: 'button', text: 'Stop sharing' });
  /** Phones have no screens to share. */
  readonly #canShare =
    (navigator as { mediaDevices?: Partial<MediaDevices> }).mediaDevices?.getDisplayMedia !== undefined;
  #state: BroadcastState | undefined;

  constructor(actions: SourceActions) {
    const onClick = (button: HTMLButtonElement, action: (state: BroadcastState) => void): void => {
      button.addEventListener('click', () => {
        if (this.#state !== undefined) {
          action(this.#state);
        }
      });
    };
    onClick(this.#turnOn, () => {
      actions.turnOn('camera');
    });
    onClick(this.#turnOnSound, () => {
      actions.turnOn('microphone');
    });
    onClick(this.#video, (state) => {
      actions.toggleVideo(!state.videoEnabled);
    });
    onClick(this.#audio, (state) => {
      actions.toggleAudio(!state.audioEnabled);
    });
    onClick(this.#screen, () => {
      actions.shareScreen(false);
    });
    onClick(this.#both, () => {
      actions.shareScreen(true);
    });
    onClick(this.#corner, (state) => {
      actions.showCameraOnScreen(state.picture !== 'camera+screen');
    });
    onClick(this.#stop, () => {
      actions.stopSharing();
    });
    this.root = element(
      'div',
      { className: 'controls' },
      this.#turnOnSound,
      this.#audio,
      this.#turnOn,
      this.#video,
      this.#screen,
      this.#both,
      this.#corner,
      this.#stop,
    );
    this.root.setAttribute('role', 'group');
    this.root.setAttribute('aria-label', 'Camera, microphone and screen');
  }

  /** Shows what can be done now. */
  show(state: BroadcastState): void {
    this.#state = state;
    const open = state.stream !== null;
    const sharing = state.picture === 'screen' || state.picture === 'camera+screen';
    const camera = state.cameraId !== undefined;
    // Before anything is open the invitation on the picture says the same.
    this.#turnOn.hidden = camera || !open;
    this.#turnOnSound.hidden = state.microphoneId !== undefined || !open;
    this.#audio.hidden = state.microphoneId === undefined;
    this.#video.hidden = !open || !camera;
    this.#screen.hidden = sharing || !this.#canShare;
    // A camera that is off has nothing to put into the corner.
    this.#both.hidden = sharing || !camera || !state.videoEnabled || !this.#canShare;
    this.#corner.hidden = !sharing || !camera || !state.videoEnabled;
    this.#stop.hidden = !sharing;
    setText(this.#audio, state.audioEnabled ? 'Mute' : 'Unmute');
    setText(this.#video, state.videoEnabled ? 'Camera off' : 'Camera on');
    this.#corner.setAttribute('aria-pressed', String(state.picture === 'camera+screen'));
  }
}
