import { renderTable } from '../config/config-table.ts';
import { flagOf, type Setting } from '../config/setting.ts';
import { settings } from '../config/settings.ts';
import type { Command } from './command.ts';

/** What `tallylight help` prints: the commands, and every setting with its flag. */
export async function helpText(commands: Readonly<Record<string, () => Promise<Command>>>): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => {
      const { usage, description } = await load();
      return [`  tallylight ${name} ${usage}`.trimEnd(), description];
    }),
  );
  const flags = Object.values(settings)
    .filter((setting: Setting<unknown>) => setting.secret !== true)
    .map((setting: Setting<unknown>) => [
      `  ${flagOf(setting.env)}${setting.isSwitch === true ? '' : ` <${setting.unit}>`}`,
      setting.description,
    ]);
  return [
    'Tallylight: live streaming from one command.',
    '',
    renderTable([['Commands', ''], ...rows]),
    '',
    renderTable([['Settings (serve, config, doctor)', ''], ...flags]),
    '',
    'Each setting is also an environment variable: see  npx tallylight config',
  ].join('\n');
}
