import type { ControlLimits } from '../assembly/control-limits.ts';
import type { SettingValues } from './read-settings.ts';

/** The limits of the control plane, feature by feature. */
export function controlLimits(_values: SettingValues): ControlLimits {
  return {};
}
