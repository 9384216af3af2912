import { createTransport, type Transporter } from 'nodemailer';
import type { Logger } from '../../platform/logger.ts';

/** How mail leaves. */
export interface MailOptions {
  /** `smtp://user:password@host:port` or `smtps://…`; never logged. */
  readonly smtpUrl: string;
  /** Sender. */
  readonly from: string;
}

/** What {@link AccountMails} needs. */
export interface AccountMailsOptions extends MailOptions {
  readonly publicUrl: string;
  readonly log: Logger;
}

/** A mail server that does not answer is given up after so long. */
const TIMEOUT_MS = 10_000;

/** The letters about accounts. Plain text; what a stranger typed, such as a name, is in none of them. */
export class AccountMails {
  readonly #transport: Transporter;
  readonly #options: AccountMailsOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: AccountMailsOptions) {
    this.#options = options;
    this.#transport = createTransport({
      url: options.smtpUrl,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
  }

  /** Sends the link that sets a new password; it works once, for an hour. */
  async passwordReset(to: string, token: string): Promise<void> {
    this.#send(to, 'Set a new password', [
      'Somebody, hopefully you, asked to set a new password. This link works once, within an hour:',
      passwordResetUrl(this.#options.publicUrl, token),
      'If it was not you, there is nothing to do.',
    ]);
  }

  /** Sends the link that proves that the address is theirs. */
  async verification(to: string, url: string): Promise<void> {
    this.#send(to, 'Is this your address?', [
      'An account was made with this address. If it was you, open this link within an hour:',
      url,
      'If it was not you, there is nothing to do.',
    ]);
  }

  /** Sends a letter of somebody else's words. Rejects when the mail server did not take it. */
  async deliver(to: string, subject: string, text: string): Promise<void> {
    await this.#transport.sendMail({ from: this.#options.from, to, subject, text });
  }

  /** Waits for the letters under way, then closes the connections; idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#transport.close();
  }

  /** Neither an error nor the time it takes may tell the asker whether an address has an account: nobody waits for the letter. */
  #send(to: string, subject: string, lines: readonly string[]): void {
    const sending = this.#transport
      .sendMail({ from: this.#options.from, to, subject, text: `${lines.join('\n\n')}\n` })
      .then(
        () => {},
        (error: unknown) => this.#options.log.error({ error, subject }, 'a mail could not be sent'),
      )
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }
}

/** The page where a new password is typed. */
export function passwordResetUrl(publicUrl: string, token: string): string {
  return `${publicUrl}/reset-password?token=${token}`;
}
