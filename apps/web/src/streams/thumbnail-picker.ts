import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import { ProvenAction } from '../account/proven-action.ts';
import { Refusal } from '../account/session.ts';
import { element } from '../element.ts';

/** As the server takes them. */
const TYPES = ['image/jpeg', 'image/png', 'image/webp'];
const MAX_BYTES = 5 << 20;

/** The picture of a stream: see it, upload another, remove it. */
export class ThumbnailPicker {
  /** To be placed by the page. */
  readonly root = element('div', { className: 'thumbnail' });
  readonly #api: ApiClient;
  readonly #params: { readonly id: string };
  readonly #picture = element('img', { hidden: true });
  readonly #none = element('p', { className: 'hint', text: 'No picture yet.' });
  readonly #remove: HTMLButtonElement;

  constructor(api: ApiClient, id: string, url: string | undefined) {
    this.#api = api;
    this.#params = { id };
    const action = new ProvenAction(api);
    const file = element('input', { className: 'file' });
    file.type = 'file';
    file.accept = TYPES.join(',');
    file.addEventListener('change', () => {
      const [picture] = file.files ?? [];
      if (picture !== undefined) {
        void action
          .run(() => this.#upload(picture))
          .finally(() => {
            file.value = '';
          });
      }
    });
    this.#remove = action.button('Remove the picture', async () => {
      await api.call('DELETE /api/streams/:id/thumbnail', { params: this.#params });
      this.#show(undefined);
    });
    this.#picture.alt = 'Picture of the stream';
    const label = element('label', { className: 'field' }, element('span', { text: 'Picture' }), file);
    this.root.append(label, this.#none, this.#picture, this.#remove, action.notice);
    this.#show(url);
  }

  async #upload(picture: File): Promise<void> {
    if (!TYPES.includes(picture.type)) {
      throw new Refusal('Only JPEG, PNG and WebP pictures can be used.');
    }
    if (picture.size > MAX_BYTES) {
      throw new Refusal('This picture is larger than 5 MB.');
    }
    const { thumbnailUrl } = await this.#api.call('PUT /api/streams/:id/thumbnail', {
      params: this.#params,
      body: picture,
    });
    this.#show(thumbnailUrl);
  }

  #show(url: string | undefined): void {
    this.#picture.hidden = url === undefined;
    this.#none.hidden = url !== undefined;
    this.#remove.hidden = url === undefined;
    if (url !== undefined) {
      this.#picture.src = url;
    }
  }
}
