import { ConfigError, flagOf, type Setting, type ValueOf } from './setting.ts';
import { settings } from './settings.ts';

/** The value of each setting, by its name in `settings`. */
export type SettingValues = { readonly [K in keyof typeof settings]: ValueOf<(typeof settings)[K]> };

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Text that was given for a setting, and by which name, for error messages. */
interface Given {
  readonly text: string;
  readonly by: string;
}

/**
 * Reads every setting from the flags, else the environment (an empty variable counts as unset), else its default.
 * Throws `ConfigError` naming the offending flag or variable and its value.
 */
export function readSettings(argv: readonly string[], env: Environment): SettingValues {
  const flags = readFlags(argv);
  const entries = Object.entries(settings).map(([name, setting]: [string, Setting<unknown>]) => [
    name,
    valueOf(setting, flags.get(setting.env) ?? fromEnvironment(setting, env)),
  ]);
  // Each entry was parsed by the setting of that very name, which the compiler cannot follow through Object.entries.
  return Object.fromEntries(entries) as SettingValues;
}

function fromEnvironment(setting: Setting<unknown>, env: Environment): Given | undefined {
  const text = env[setting.env];
  return text === undefined || text === '' ? undefined : { text, by: setting.env };
}

function valueOf(setting: Setting<unknown>, given: Given | undefined): unknown {
  if (given === undefined) return setting.default;
  try {
    return setting.parse(given.text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const shown = setting.secret === true ? '(secret)' : JSON.stringify(given.text.slice(0, 200));
    throw new ConfigError(`${given.by} is ${shown}: it ${error.message}`, { cause: error });
  }
}

/** Reads `--flag value`, `--flag=value`, `--switch` and `--no-switch`; keyed by the setting's environment name. */
function readFlags(argv: readonly string[]): Map<string, Given> {
  const byFlag = new Map(
    Object.values(settings)
      // A secret on the command line can be read by every user of the machine.
      .filter((setting: Setting<unknown>) => setting.secret !== true)
      .map((setting: Setting<unknown>) => [flagOf(setting.env), setting]),
  );
  const found = new Map<string, Given>();
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const setting = byFlag.get(name);
    const negated = byFlag.get(name.replace(/^--no-/, '--'));
    if (setting === undefined) {
      if (equals >= 0 || negated?.isSwitch !== true)
        throw new ConfigError(`unknown argument ${JSON.stringify(word)}${suggestion(name, byFlag)}`);
      found.set(negated.env, { text: 'off', by: name });
    } else if (equals >= 0) {
      found.set(setting.env, { text: word.slice(equals + 1), by: name });
    } else if (setting.isSwitch === true) {
      found.set(setting.env, { text: 'on', by: name });
    } else {
      index += 1;
      const text = argv[index];
      if (text === undefined) throw new ConfigError(`${name} needs a value (${setting.unit})`);
      found.set(setting.env, { text, by: name });
    }
  }
  return found;
}

/** A flag that begins like the unknown one, as a hint. */
function suggestion(name: string, byFlag: ReadonlyMap<string, unknown>): string {
  const stem = name.slice(0, 6);
  const near = stem.length < 5 ? undefined : [...byFlag.keys()].find((flag) => flag.startsWith(stem));
  return near === undefined ? ', see npx tallylight help' : `, did you mean ${near}?`;
}
