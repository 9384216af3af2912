import type { SettingValues } from './read-settings.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

/** The settings as a table for people: name, value, default, unit, what it does. A changed value is starred, a secret is masked. */
export function configTable(values: SettingValues): string {
  const rows = Object.entries(settings).map(([name, setting]: [string, Setting<unknown>]) => {
    const value = shown(setting, Reflect.get(values, name));
    const fallback = shown(setting, setting.default);
    return [
      setting.env,
      `${value}${value === fallback ? '' : ' *'}`,
      fallback,
      setting.unit,
      setting.description,
    ];
  });
  return renderTable([['name', 'value', 'default', 'unit', 'what it does'], ...rows]);
}

/** Columns of equal width, two spaces between them, the first row underlined. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const header = rows[0] ?? [];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(header), rule, ...rows.slice(1).map(line)].join('\n');
}

function shown(setting: Setting<unknown>, value: unknown): string {
  const text = setting.show(value);
  if (text === '') return '-';
  return setting.secret === true ? '********' : text;
}
