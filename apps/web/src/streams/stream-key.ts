import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { StreamError } from '@tallylight/protocol/errors.ts';
import type { ProvenAction } from '../account/proven-action.ts';
import { secretLine } from '../account/secret-line.ts';
import { element } from '../element.ts';

/** A key that is shown is hidden again after so long, in milliseconds. */
const SHOWN_MS = 30_000;

/** The key of one stream, shown below its line: to copy, to make anew, to take away. */
export class StreamKey {
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #action: ProvenAction;
  #hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(api: ApiClient, id: string, action: ProvenAction) {
    this.#api = api;
    this.#params = { id };
    this.#action = action;
  }

  /** The key itself. Rejects with STEP_UP_REQUIRED, and NOT_FOUND when it was taken away. */
  async reveal(): Promise<string> {
    const { streamKey } = await this.#api.call('GET /api/streams/:id/key', { params: this.#params });
    return streamKey;
  }

  /** Shows it for a while. Rejects with STEP_UP_REQUIRED. */
  async show(): Promise<void> {
    try {
      const { streamKey, ingestUrl } = await this.#api.call('GET /api/streams/:id/key', {
        params: this.#params,
      });
      this.#place(
        secretLine('Server', ingestUrl),
        secretLine('Stream key', streamKey),
        element('p', {
          className: 'hint',
          text: 'Whoever has the key can publish. It is hidden again in 30 s.',
        }),
        this.#rotateButton('New key'),
        this.#revokeButton(),
      );
      this.#hiding = setTimeout(() => {
        this.#action.place.replaceChildren();
      }, SHOWN_MS);
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'NOT_FOUND') {
        throw error;
      }
      this.#place(
        element('p', { text: 'This stream has no key: nobody can publish to it.' }),
        this.#action.button('Make a key', () => this.#rotate()),
      );
    }
  }

  /** What is shown is no longer to be hidden by the clock. */
  forget(): void {
    clearTimeout(this.#hiding);
  }

  #rotateButton(text: string): HTMLButtonElement {
    return this.#action.button(text, async () => {
      this.forget();
      this.#action.ask(
        'The old key stops working now, and a stream using it ends.',
        this.#action.button('Make new key', () => this.#rotate()),
        'Keep the old key',
      );
    });
  }

  #revokeButton(): HTMLButtonElement {
    return this.#action.button('Revoke key', async () => {
      this.forget();
      this.#action.ask(
        'Nobody can publish with it any more, and a stream using it ends.',
        this.#action.button('Revoke it', async () => {
          await this.#api.call('DELETE /api/streams/:id/key', { params: this.#params });
          await this.show();
        }),
        'Keep the key',
      );
    });
  }

  async #rotate(): Promise<void> {
    await this.#api.call('POST /api/streams/:id/regenerate-key', { params: this.#params, body: {} });
    await this.show();
  }

  #place(...children: HTMLElement[]): void {
    this.forget();
    this.#action.place.replaceChildren(...children);
  }
}
