/** Longer than this is not waited for: a late picture is worth less than a prompt switch. */
const MAX_WAIT_MS = 150;
/** A picture that nothing replaced by then is of no use any more. */
const MAX_KEPT_MS = 10_000;
const JPEG_QUALITY = 0.9;

/**
 * Leaves the last picture on the screen while a media element changes its source, which otherwise goes black: a copy of it as the
 * element's background, behind the place where the next picture will be painted.
 */
export class KeptPicture {
  readonly #media: HTMLMediaElement;
  #url: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #before: string | undefined;

  constructor(media: HTMLMediaElement) {
    this.#media = media;
  }

  /** Copies the picture that is on the screen now. Resolves when the copy can be painted, or cannot be had; never rejects. */
  async keep(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS);
    });
    await Promise.race([this.#copy().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  /** The copy goes as soon as the element shows a picture of its new source. */
  dropAtNextPicture(): void {
    const media = this.#media;
    if (
      this.#url !== undefined &&
      media instanceof HTMLVideoElement &&
      'requestVideoFrameCallback' in media
    ) {
      const url = this.#url;
      media.requestVideoFrameCallback(() => {
        if (this.#url === url) {
          this.drop();
        }
      });
    }
  }

  /** The copy goes now. */
  drop(): void {
    clearTimeout(this.#timer);
    if (this.#url !== undefined) {
      URL.revokeObjectURL(this.#url);
      this.#url = undefined;
      this.#media.style.background = this.#before ?? '';
    }
  }

  async #copy(): Promise<void> {
    const media = this.#media;
    if (!(media instanceof HTMLVideoElement) || media.videoWidth === 0 || media.readyState < 2) {
      return;
    }
    const canvas = document.createElement('canvas');
    canvas.width = media.videoWidth;
    canvas.height = media.videoHeight;
    canvas.getContext('2d')?.drawImage(media, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY);
    });
    if (blob === null) {
      return;
    }
    const url = URL.createObjectURL(blob);
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
    } catch (error) {
      URL.revokeObjectURL(url);
      throw error;
    }
    this.drop();
    this.#url = url;
    this.#before = media.style.background;
    media.style.background = `url("${url}") center / contain no-repeat`;
    this.#timer = setTimeout(() => {
      this.drop();
    }, MAX_KEPT_MS);
  }
}
