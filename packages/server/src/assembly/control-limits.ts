import type { ApiLimits } from '../api/api-limits.ts';
import type { AccountsLimits } from '../control/accounts/accounts-limits.ts';
import type { ChannelLimits } from '../control/channels/channels-limits.ts';
import type { ChatLimits } from '../control/chat/chat-limits.ts';
import type { FollowLimits } from '../control/follows/follows-limits.ts';
import type { KeysLimits } from '../control/keys/keys-limits.ts';
import type { NotificationLimits } from '../control/notifications/notifications-limits.ts';
import type { QuestionLimits } from '../control/questions/questions-limits.ts';
import type { ReactionLimits } from '../control/reactions/reactions-limits.ts';
import type { ScheduleLimits } from '../control/streams/schedule/schedule-limits.ts';
import type { StreamsLimits } from '../control/streams/streams-limits.ts';
import type { ThumbnailsLimits } from '../control/streams/thumbnails/thumbnails-limits.ts';
import type { TelemetryLimits } from '../control/telemetry/telemetry-limits.ts';
import type { ViewersLimits } from '../control/viewers/viewers-limits.ts';
import type { WatchingLimits } from '../control/watching/watching-limits.ts';
import type { RealtimeLimits } from '../realtime/realtime-limits.ts';

/** What differs from the defaults, feature by feature. */
export interface ControlLimits {
  readonly accounts?: Partial<AccountsLimits>;
  readonly api?: Partial<ApiLimits>;
  readonly channels?: Partial<ChannelLimits>;
  readonly chat?: Partial<ChatLimits>;
  readonly follows?: Partial<FollowLimits>;
  readonly keys?: Partial<KeysLimits>;
  readonly notifications?: Partial<NotificationLimits>;
  readonly questions?: Partial<QuestionLimits>;
  readonly reactions?: Partial<ReactionLimits>;
  readonly realtime?: Partial<RealtimeLimits>;
  readonly schedule?: Partial<ScheduleLimits>;
  readonly streams?: Partial<StreamsLimits>;
  readonly telemetry?: Partial<TelemetryLimits>;
  readonly thumbnails?: Partial<ThumbnailsLimits>;
  readonly viewers?: Partial<ViewersLimits>;
  readonly watching?: Partial<WatchingLimits>;
}
