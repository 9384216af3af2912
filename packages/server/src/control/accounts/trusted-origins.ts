/**
 * Whose pages may sign people in here: the public URL, what the operator lists, and the very host that was asked, which is what
 * a server in a house or behind an unknown proxy has. Everybody else's page is refused, by Origin and by Sec-Fetch-Site.
 */
export class TrustedOrigins {
  readonly #trusted: ReadonlySet<string>;

  /** @param origins such as `https://live.example`; throws TypeError for what is no URL. */
  constructor(origins: readonly string[]) {
    this.#trusted = new Set(origins.map((origin) => new URL(origin).origin));
  }

  /** Whether a request that changes something comes from a page of ours, or from no browser at all. */
  allows(request: Request): boolean {
    const origin = request.headers.get('origin');
    if (origin !== null) return this.#isTrusted(origin, request.headers.get('host'));
    const site = request.headers.get('sec-fetch-site');
    if (site !== null) return site === 'same-origin' || site === 'none';
    // Old browsers and forms send cookies without saying from where.
    return !request.headers.has('cookie');
  }

  /** True when the Origin header is there and is ours. */
  isNamed(request: Request): boolean {
    const origin = request.headers.get('origin');
    return origin !== null && this.#isTrusted(origin, request.headers.get('host'));
  }

  #isTrusted(origin: string, host: string | null): boolean {
    if (this.#trusted.has(origin)) return true;
    if (host === null || !/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
    return new URL(origin).host === host.toLowerCase();
  }
}
