import { StreamError } from '@tallylight/protocol/errors.ts';
import { element, setText } from '../element.ts';
import { Refusal } from './session.ts';

/** One line of a form. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'email' | 'password';
  /** What password managers go by. */
  readonly autocomplete: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** How a form differs from the usual. */
export interface FormOptions {
  /** Its button is not the first thing to do on its page. Default false. */
  readonly isSecondary?: boolean;
  /** Empties the fields when it was sent. Default false. */
  readonly clears?: boolean;
}

/** A form of a few fields and one button. Says what was refused where the eyes are, and keeps what was typed. */
export function accountForm(
  fields: readonly FormField[],
  button: string,
  send: (values: Readonly<Record<string, string>>) => Promise<void>,
  options: FormOptions = {},
): HTMLFormElement {
  const inputs = fields.map((field) => ({ field, input: inputOf(field) }));
  const lines = inputs.map(({ field, input }) => labelled(field.label, input));
  const values = (): Record<string, string> =>
    Object.fromEntries(inputs.map(({ field, input }) => [field.name, input.value]));
  return formOf(lines, button, () => send(values()), options);
}

/** A form of any lines and one button, as {@link accountForm}: `send` reads what it needs. */
export function formOf(
  lines: readonly Node[],
  button: string,
  send: () => Promise<void>,
  options: FormOptions = {},
): HTMLFormElement {
  const refusal = element('p', { className: 'warning', hidden: true });
  refusal.setAttribute('role', 'alert');
  const submit = element('button', {
    className: options.isSecondary === true ? 'button' : 'button primary',
    text: button,
  });
  const form = element('form', { className: 'account-form' }, ...lines, refusal, submit);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    refusal.hidden = true;
    submit.disabled = true;
    send()
      .then(() => {
        if (options.clears === true) {
          form.reset();
        }
      })
      .catch((error: unknown) => {
        setText(refusal, failureWords(error));
        refusal.hidden = false;
      })
      .finally(() => {
        submit.disabled = false;
      });
  });
  return form;
}

/** A field under its label. */
export function labelled(label: string, field: HTMLElement): HTMLLabelElement {
  return element('label', { className: 'field' }, element('span', { text: label }), field);
}

/** What went wrong, as a sentence that can be shown: the server's words where it said some. */
export function failureWords(error: unknown): string {
  return isRefusal(error) ? sentence(error.message) : 'Something went wrong. Try again.';
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Refusal || error instanceof StreamError;
}

function inputOf(field: FormField): HTMLInputElement {
  const input = element('input');
  input.type = field.type;
  input.name = field.name;
  input.required = true;
  input.setAttribute('autocomplete', field.autocomplete);
  if (field.minLength !== undefined) {
    input.minLength = field.minLength;
  }
  if (field.maxLength !== undefined) {
    input.maxLength = field.maxLength;
  }
  return input;
}

/** The server begins its messages small and ends them without a full stop. */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.?]$/.test(text) ? '' : '.');
}
