import { element, setText } from '../element.ts';
import { refusalWords, secondsLeft, waitingError } from './refusal-words.ts';

/** What the chat has to say to its writer. Words with a wait in them count down, and go when it is over. */
export class ChatNotice {
  /** To be placed by the page. */
  readonly root = element('p', { className: 'chat-notice', hidden: true });
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.root.setAttribute('role', 'status');
  }

  /** Says it until something else is said. */
  say(words: string): void {
    clearInterval(this.#timer);
    setText(this.root, words);
    this.root.hidden = false;
  }

  /** Says why something was refused, with the time that is left where there is one. */
  refuse(error: unknown): void {
    const seconds = secondsLeft(error);
    if (seconds === undefined) {
      this.say(refusalWords(error));
      return;
    }
    this.countDown(Date.now() + seconds * 1000, (left) => refusalWords(waitingError(error, left)));
  }

  /** Says `words` of the whole seconds that are left, until there are none. */
  countDown(untilMs: number, words: (secondsLeft: number) => string): void {
    const show = (): void => {
      const left = Math.ceil((untilMs - Date.now()) / 1000);
      if (left <= 0) {
        this.clear();
      } else {
        setText(this.root, words(left));
      }
    };
    clearInterval(this.#timer);
    this.root.hidden = false;
    this.#timer = setInterval(show, 1000);
    show();
  }

  /** Says nothing. */
  clear(): void {
    clearInterval(this.#timer);
    this.root.hidden = true;
    setText(this.root, '');
  }
}
