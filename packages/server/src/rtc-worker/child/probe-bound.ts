/** Messages of a test are some tens of bytes. */
export const MAX_PROBE_MESSAGE_BYTES = 1024;
/** Some seconds of a test that sends every 20 ms: nobody gets a free relay from us. */
export const MAX_PROBE_MESSAGES = 2000;
/** Of all messages together. */
export const MAX_PROBE_BYTES = 512 * 1024;

/** Bounds what a probe is sent in its whole life: reading it costs us the same whether we echo it or not. */
export class ProbeBound {
  #messages = 0;
  #bytes = 0;

  /** Counts a message; false when it is too long itself, or one too many. */
  bears(bytes: number): boolean {
    this.#messages += 1;
    this.#bytes += bytes;
    return (
      bytes <= MAX_PROBE_MESSAGE_BYTES &&
      this.#messages <= MAX_PROBE_MESSAGES &&
      this.#bytes <= MAX_PROBE_BYTES
    );
  }
}
