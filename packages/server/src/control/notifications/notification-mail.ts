import type { Logger } from '../../platform/logger.ts';

/** A mail to somebody whose address the mailer finds. */
export interface NotificationMail {
  readonly userId: string;
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

/** Port: sends mails. Rejects when one could not be handed over. */
export interface NotificationMailer {
  send(mail: NotificationMail): Promise<void>;
}

/** Why somebody is told of a stream. */
export type NotificationKind = 'live' | 'scheduled' | 'reminder';

/** What a mail says of a stream. */
export interface ToldStream {
  readonly title: string;
  readonly channelName: string;
  /** ISO 8601 */
  readonly scheduledAt?: string | undefined;
  /** Where it can be watched, if known. */
  readonly url?: string | undefined;
}

/** The words of a mail. Titles are other people's: line breaks in them do not begin new headers or paragraphs. */
export function mailFor(userId: string, kind: NotificationKind, stream: ToldStream): NotificationMail {
  const title = oneLine(stream.title);
  const channel = oneLine(stream.channelName);
  const when =
    stream.scheduledAt === undefined ? '' : ` at ${stream.scheduledAt.slice(0, 16).replace('T', ' ')} UTC`;
  const subject = {
    live: `${channel} is live: ${title}`,
    scheduled: `${channel} will stream${when}: ${title}`,
    reminder: `Soon on ${channel}: ${title}`,
  }[kind];
  const lines = [
    `${subject}.`,
    kind === 'reminder' && when !== '' ? `It begins${when}.` : '',
    stream.url ?? '',
  ];
  return { userId, subject, text: `${lines.filter((line) => line !== '').join('\n\n')}\n` };
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/**
 * Hands mails over, a few at the same time, until there is no next one. One that fails is logged and keeps none of the others back.
 * @param next takes the next mail.
 */
export async function sendAll(
  mailer: NotificationMailer,
  next: () => Promise<NotificationMail | undefined>,
  options: { readonly atOnce: number; readonly log: Logger },
): Promise<void> {
  const worker = async (first?: NotificationMail): Promise<void> => {
    for (let mail = first ?? (await next()); mail !== undefined; mail = await next()) {
      try {
        await mailer.send(mail);
      } catch (error) {
        options.log.warn({ error, userId: mail.userId }, 'a notification could not be mailed');
      }
    }
  };
  const first = await next();
  if (first === undefined) return;
  const others = Array.from({ length: options.atOnce - 1 }, () => worker());
  await Promise.all([worker(first), ...others]);
}
