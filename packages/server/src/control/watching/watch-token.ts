import { createHmac, timingSafeEqual } from 'node:crypto';

/** `view`: a private stream; `preview`: any stream that is not live yet, for its owners. */
export type WatchScope = 'view' | 'preview';

/** What a token says, once its signature was found to be ours. */
export interface WatchToken {
  readonly scope: WatchScope;
  readonly userId: string;
  /** Unix milliseconds. */
  readonly issuedAtMs: number;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
  /** Names the session it was given to, without being its id; undefined for none. */
  readonly sessionMark: string | undefined;
}

/** Only what a path may carry: letters, digits, `-`, `_`, and single dots between. */
const FORM = /^([vp])\.([0-9a-z]{1,10})\.([0-9a-z]{1,10})\.([0-9a-f]{32})\.([\w-]{1,16})\.([\w-]{43})$/;
const NO_SESSION = '0';

/**
 * Signs and reads watch tokens: `scope.issued.expires.user.session.signature`. The signature (HMAC-SHA256) covers the stream's id too,
 * so that a token opens one stream.
 */
export class WatchTokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes, of nothing else. */
  constructor(secret: Uint8Array) {
    if (secret.length < 32) throw new RangeError(`a secret has at least 32 bytes, not ${secret.length}`);
    this.#secret = secret;
  }

  /** The token in the form that stands in `/hls/t/<token>/…`. */
  issue(streamId: string, token: WatchToken): string {
    const said = [
      token.scope === 'preview' ? 'p' : 'v',
      Math.floor(token.issuedAtMs).toString(36),
      Math.floor(token.expiresAtMs).toString(36),
      token.userId.replaceAll('-', ''),
      token.sessionMark ?? NO_SESSION,
    ].join('.');
    return `${said}.${this.#sign(streamId, said).toString('base64url')}`;
  }

  /** Undefined for what we did not sign for this stream. Expiry is the caller's question. */
  read(streamId: string, text: string): WatchToken | undefined {
    const form = FORM.exec(text);
    if (form === null) return undefined;
    const [, scope, issued = '', expires = '', user = '', session = '', signature = ''] = form;
    const said = text.slice(0, text.length - signature.length - 1);
    // As text: the last letter has bits that say nothing, and one token has one form.
    const given = Buffer.from(signature);
    const ours = Buffer.from(this.#sign(streamId, said).toString('base64url'));
    if (given.length !== ours.length || !timingSafeEqual(given, ours)) return undefined;
    return {
      scope: scope === 'p' ? 'preview' : 'view',
      userId: user.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      issuedAtMs: Number.parseInt(issued, 36),
      expiresAtMs: Number.parseInt(expires, 36),
      sessionMark: session === NO_SESSION ? undefined : session,
    };
  }

  /** The mark of a session: the same each time, and of no use to whoever reads it. */
  sessionMark(sessionId: string): string {
    return createHmac('sha256', this.#secret).update(`session ${sessionId}`).digest('base64url').slice(0, 12);
  }

  #sign(streamId: string, said: string): Buffer {
    return createHmac('sha256', this.#secret).update(`watch ${streamId} ${said}`).digest();
  }
}
