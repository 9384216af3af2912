import type { CreateStreamInput, Stream, Visibility } from '@tallylight/protocol/entities/stream.ts';
import { formOf, labelled } from '../account/account-form.ts';
import { Refusal } from '../account/session.ts';
import { choiceOf, choose } from '../choice.ts';
import { element } from '../element.ts';
import { CHAT_MODES, SLOW_MODES } from '../talk/chat-rules.ts';
import { languages } from './languages.ts';
import { fromLocalTime, splitTags, toLocalTime, zoneName } from './stream-words.ts';

/** What the form gives: all that it shows, cleared as `null`. */
export type StreamFormValues = Omit<CreateStreamInput, 'channelId' | 'description' | 'scheduledAt'> & {
  readonly description: string | null;
  readonly scheduledAt: string | null;
};

const VISIBILITIES: readonly (readonly [Visibility, string])[] = [
  ['public', 'Public: listed for everybody'],
  ['unlisted', 'Unlisted: who has the link'],
  ['private', 'Private: members of the channel'],
];

const RESOLUTIONS = [
  ['auto', 'As it comes'],
  ['1080p', '1080p'],
  ['720p', '720p'],
  ['480p', '480p'],
  ['360p', '360p'],
] as const;
const FRAME_RATES = [
  ['30', '30 a second'],
  ['60', '60 a second'],
] as const;
const BIT_RATES = [
  ['3000', '3 Mbit/s'],
  ['6000', '6 Mbit/s'],
  ['12000', '12 Mbit/s'],
  ['25000', '25 Mbit/s'],
] as const;

/** What may be set of a stream, as a form: for a new one, or filled with what one has. */
export class StreamForm {
  /** To be placed by the page. */
  readonly root: HTMLFormElement;
  readonly #title = element('input');
  readonly #description = element('textarea');
  readonly #scheduledAt = element('input');
  readonly #visibility = choiceOf(VISIBILITIES);
  readonly #tags = element('input');
  readonly #language = choiceOf(languages());
  readonly #chatMode = choiceOf(CHAT_MODES);
  readonly #slowMode = choiceOf(SLOW_MODES);
  readonly #resolution = choiceOf(RESOLUTIONS);
  readonly #frameRate = choiceOf(FRAME_RATES);
  readonly #bitrate = choiceOf(BIT_RATES);
  readonly #reactions = checkbox();
  readonly #questions = checkbox();
  readonly #waitingRoom = checkbox();
  readonly #autoStart = checkbox();
  readonly #of: Stream | undefined;

  /** `of`: the stream to change; without one the form begins empty. */
  constructor(button: string, send: (values: StreamFormValues) => Promise<void>, of?: Stream) {
    this.#of = of;
    this.#prepare();
    this.#fill(of);
    const isNew = of === undefined;
    const more = element(
      'details',
      { className: 'form-more' },
      element('summary', { text: 'Description, schedule, audience, chat, picture' }),
      ...this.#moreLines(of === undefined || ['scheduled', 'preparing'].includes(of.status)),
    );
    more.open = !isNew;
    this.root = formOf(
      [labelled('Title', this.#title), more],
      button,
      async () => {
        await send(this.#values());
        if (isNew) {
          this.root.reset();
          this.#fill(undefined);
          more.open = false;
        }
      },
      { isSecondary: !isNew },
    );
  }

  #prepare(): void {
    this.#title.name = 'title';
    this.#title.required = true;
    this.#title.maxLength = 200;
    this.#title.autocomplete = 'off';
    this.#description.name = 'description';
    this.#description.maxLength = 5000;
    this.#description.rows = 3;
    this.#scheduledAt.name = 'scheduledAt';
    this.#scheduledAt.type = 'datetime-local';
    this.#tags.name = 'tags';
    this.#tags.autocomplete = 'off';
    this.#tags.placeholder = 'music, live coding';
    this.#visibility.name = 'visibility';
    this.#language.name = 'language';
    this.#chatMode.name = 'chatMode';
    this.#slowMode.name = 'slowModeSeconds';
    this.#resolution.name = 'maxResolution';
    this.#frameRate.name = 'fps';
    this.#bitrate.name = 'bitrateKbps';
  }

  #fill(of: Stream | undefined): void {
    this.#title.value = of?.title ?? '';
    this.#description.value = of?.description ?? '';
    this.#scheduledAt.value = of?.scheduledAt === undefined ? '' : toLocalTime(new Date(of.scheduledAt));
    this.#tags.value = (of?.tags ?? []).join(', ');
    choose(this.#visibility, of?.visibility ?? 'public');
    choose(this.#language, of?.language ?? navigator.language.slice(0, 2));
    choose(this.#chatMode, of?.enableChat === false ? 'disabled' : (of?.chatMode ?? 'open'));
    choose(this.#slowMode, String(of?.slowModeSeconds ?? 0));
    choose(this.#resolution, of?.maxResolution ?? 'auto');
    // What encoders are set to most, so that it is passed on as it comes; fewer pictures do no harm.
    choose(this.#frameRate, String(of?.fps ?? 60));
    choose(this.#bitrate, String(of?.bitrateKbps ?? 12_000), `${(of?.bitrateKbps ?? 0) / 1000} Mbit/s`);
    this.#reactions.checked = of?.enableReactions ?? true;
    this.#questions.checked = of?.enableQa ?? true;
    this.#waitingRoom.checked = of?.waitingRoom ?? false;
    this.#autoStart.checked = of?.autoStart ?? true;
  }

  #moreLines(isBefore: boolean): readonly HTMLElement[] {
    const line = labelled;
    const schedule = line(`Starts (your time, ${zoneName()})`, this.#scheduledAt);
    const pairs = element(
      'div',
      { className: 'field-pairs' },
      ...(isBefore ? [schedule] : []),
      line('Who may watch', this.#visibility),
      line('Tags, with commas between', this.#tags),
      line('Language', this.#language),
      line('Who may chat', this.#chatMode),
      line('Slow mode', this.#slowMode),
      line('Largest picture', this.#resolution),
      line('Pictures', this.#frameRate),
      line('Encoder at most', this.#bitrate),
    );
    return [
      line('Description', this.#description),
      pairs,
      switchOf('Reactions', this.#reactions),
      switchOf('Questions', this.#questions),
      switchOf('Chat opens 30 min before the start', this.#waitingRoom),
      ...(isBefore ? [switchOf('Goes live by itself when an encoder connects', this.#autoStart)] : []),
    ];
  }

  /** The field knows no seconds: a time that was not touched stays what it was. */
  #plannedTime(): string | null {
    const { value } = this.#scheduledAt;
    const before = this.#of?.scheduledAt;
    const isSame = before !== undefined && value === toLocalTime(new Date(before));
    return isSame ? before : fromLocalTime(value);
  }

  #values(): StreamFormValues {
    const tags = splitTags(this.#tags.value);
    if (tags.length > 20 || tags.some((tag) => tag.length > 40)) {
      throw new Refusal('At most 20 tags of at most 40 characters each.');
    }
    return {
      title: this.#title.value.trim(),
      description: this.#description.value.trim() === '' ? null : this.#description.value,
      scheduledAt: this.#plannedTime(),
      visibility: this.#visibility.value as Visibility,
      tags,
      language: this.#language.value,
      enableChat: this.#chatMode.value === 'disabled' ? (this.#of?.enableChat ?? true) : true,
      chatMode: this.#chatMode.value,
      slowModeSeconds: Number(this.#slowMode.value),
      maxResolution: this.#resolution.value as Stream['maxResolution'],
      fps: Number(this.#frameRate.value),
      bitrateKbps: Number(this.#bitrate.value),
      enableReactions: this.#reactions.checked,
      enableQa: this.#questions.checked,
      waitingRoom: this.#waitingRoom.checked,
      autoStart: this.#autoStart.checked,
    };
  }
}

function checkbox(): HTMLInputElement {
  const made = element('input');
  made.type = 'checkbox';
  made.setAttribute('role', 'switch');
  return made;
}

function switchOf(text: string, input: HTMLInputElement): HTMLLabelElement {
  return element('label', { className: 'switch' }, input, element('span', { text }));
}
