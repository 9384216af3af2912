import type { LiveNotification } from '@tallylight/protocol/entities/audience.ts';

type Told = Pick<LiveNotification, 'kind' | 'streamTitle' | 'channelName' | 'scheduledAt'>;

/** What somebody is told, as a sentence. `when` writes a time as people here do. */
export function noticeWords(
  { kind, streamTitle, channelName, scheduledAt }: Told,
  when: (time: string) => string = (time) =>
    new Date(time).toLocaleString(undefined, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: 'numeric',
      minute: '2-digit',
    }),
): string {
  const at = scheduledAt === undefined ? 'soon' : when(scheduledAt);
  switch (kind) {
    case 'live':
      return `${channelName} is live: ${streamTitle}`;
    case 'scheduled':
      return `${channelName} plans ${streamTitle}, ${at}`;
    default:
      return `${streamTitle} of ${channelName} starts ${at}`;
  }
}
