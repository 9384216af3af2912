/** A setting that cannot be used as it was given; the message names the setting, the offending value and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** One setting: where it is read from, what it may be, what it means. */
export interface Setting<T> {
  /** Name of the environment variable. The flag is derived from it: see `flagOf`. */
  readonly env: string;
  /** One line for people: what it does. */
  readonly description: string;
  /** Unit of the value, or what kind of text it is. */
  readonly unit: string;
  /** Value when neither a flag nor the environment gives one. */
  readonly default: T;
  /** Turns text into the value; throws a `ConfigError` whose message says what would have been right. */
  parse(text: string): T;
  /** Turns a value back into the text that `parse` reads. */
  show(value: T): string;
  /** A flag without a value: `--demo`, `--no-demo`. */
  readonly isSwitch?: boolean;
  /** Never printed. */
  readonly secret?: boolean;
}

/** The value type of a setting. */
export type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** What every kind of setting is described by. */
export interface Described {
  readonly env: string;
  readonly description: string;
}

/** Name of the command-line flag: `HTTP_PORT` is `--http-port`, the product's own prefix falls away. */
export function flagOf(env: string): string {
  return `--${env
    .replace(/^TALLYLIGHT_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** A whole number between two bounds, both allowed. */
export function integer(
  options: Described & {
    readonly default: number;
    readonly min: number;
    readonly max: number;
    readonly unit: string;
  },
): Setting<number> {
  return {
    ...options,
    parse(text) {
      const value = Number(text);
      if (!/^\d{1,15}$/.test(text) || value < options.min || value > options.max) {
        throw new ConfigError(
          `must be a whole number from ${options.min} to ${options.max} (${options.unit})`,
        );
      }
      return value;
    },
    show: String,
  };
}

/** A TCP port; 0 lets the system choose a free one. */
export function port(options: Described & { readonly default: number }): Setting<number> {
  return integer({ ...options, min: 0, max: 65_535, unit: 'port' });
}

/** Text as it stands; empty means absent. */
export function optionalText(
  options: Described & { readonly unit: string; readonly secret?: boolean },
): Setting<string | undefined> {
  return {
    ...options,
    default: undefined,
    parse: (text) => (text === '' ? undefined : text),
    show: (value) => value ?? '',
  };
}

/** Text that is never empty. */
export function text(
  options: Described & { readonly unit: string; readonly default: string },
): Setting<string> {
  return {
    ...options,
    parse(given) {
      if (given.trim() === '') throw new ConfigError(`must not be empty (${options.unit})`);
      return given;
    },
    show: String,
  };
}

/** Words separated by commas; empty means none. */
export function list(
  options: Described & { readonly unit: string; readonly secret?: boolean },
): Setting<readonly string[]> {
  return {
    ...options,
    default: [],
    parse: (given) =>
      given
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    show: (value) => value.join(','),
  };
}

/** One word out of a few. */
export function choice<const W extends string>(
  options: Described & { readonly words: readonly W[]; readonly default: NoInfer<W> },
): Setting<W> {
  return {
    ...options,
    unit: options.words.join(' | '),
    parse(given) {
      const found = options.words.find((word) => word === given.toLowerCase());
      if (found === undefined) throw new ConfigError(`must be one of ${options.words.join(', ')}`);
      return found;
    },
    show: String,
  };
}

/** On or off; as a flag it takes no value. */
export function toggle(options: Described & { readonly default: boolean }): Setting<boolean> {
  return {
    ...options,
    unit: 'on | off',
    isSwitch: true,
    parse(given) {
      const word = given.toLowerCase();
      if (['on', 'true', 'yes', '1'].includes(word)) return true;
      if (['off', 'false', 'no', '0'].includes(word)) return false;
      throw new ConfigError('must be on or off');
    },
    show: (value) => (value ? 'on' : 'off'),
  };
}

/** A number with a fraction, or `auto`. */
export function numberOrAuto(
  options: Described & { readonly min: number; readonly max: number; readonly unit: string },
): Setting<number | 'auto'> {
  return {
    ...options,
    default: 'auto',
    parse(given) {
      if (given === 'auto') return 'auto';
      const value = Number(given);
      if (!/^\d{1,6}(\.\d{1,6})?$/.test(given) || value < options.min || value > options.max) {
        throw new ConfigError(
          `must be auto or a number from ${options.min} to ${options.max} (${options.unit})`,
        );
      }
      return value;
    },
    show: String,
  };
}
