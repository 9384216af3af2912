/**
 * Where a stream is found, when that changes while it plays: a private stream's token stands in the path of its playlists, and with it in
 * the address of each part, and ends after a time. What hls.js asks for by an older address is fetched by the newest.
 */
export class SourceAddress {
  #url: string;
  /** Folders of the multivariant playlist so far: other renditions are known by the first one's for as long as the player lives. */
  readonly #former = new Set<string>();

  /** `url` is the multivariant playlist's, absolute. */
  constructor(url: string) {
    this.#url = url;
  }

  /** The multivariant playlist's newest. */
  get url(): string {
    return this.#url;
  }

  /** From now on the stream is at `url`, absolute. */
  renew(url: string): void {
    this.#former.add(folderOf(this.#url));
    this.#url = url;
    this.#former.delete(folderOf(url));
  }

  /** The address by which to fetch what a playlist called `url`, absolute: the same where it is not of an older address. */
  newest(url: string): string {
    for (const folder of this.#former) {
      if (url.startsWith(folder)) {
        return folderOf(this.#url) + url.slice(folder.length);
      }
    }
    return url;
  }
}

/** The address up to its last slash, without query: what the names in a playlist are relative to (RFC 3986 §5.2.3). */
function folderOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return path.slice(0, path.lastIndexOf('/') + 1);
}
