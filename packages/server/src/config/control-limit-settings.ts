import { accountLimitSettings } from './account-limit-settings.ts';
import { peopleLimitSettings } from './people-limit-settings.ts';
import { realtimeLimitSettings } from './realtime-limit-settings.ts';
import { streamLimitSettings } from './stream-limit-settings.ts';
import { talkLimitSettings } from './talk-limit-settings.ts';

/** What the control plane lets people do, and how often; each limit is enforced where it is reached. */
export const controlLimitSettings = {
  ...accountLimitSettings,
  ...peopleLimitSettings,
  ...talkLimitSettings,
  ...streamLimitSettings,
  ...realtimeLimitSettings,
};
