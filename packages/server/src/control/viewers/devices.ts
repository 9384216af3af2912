import { parse } from 'bowser';

/** What a User-Agent says of its viewer. What it does not say is absent. */
export interface Device {
  /** `desktop`, `mobile`, `tablet`, `tv`, `bot`. */
  readonly device?: string;
  /** Name and major version, such as `Firefox 140`. */
  readonly browser?: string;
  /** Name, such as `Android`. */
  readonly os?: string;
}

/** Longer ones are cut before anything looks for words in them. */
const MAX_AGENT_LENGTH = 512;
/** User-Agents whose answer is remembered: most viewers have one of few. */
const REMEMBERED = 1000;

/** Reads User-Agents. */
export class Devices {
  readonly #known = new Map<string, Device>();

  /** Of a header as it came. */
  of(userAgent: string | undefined): Device {
    if (userAgent === undefined || userAgent === '') return {};
    const agent = userAgent.slice(0, MAX_AGENT_LENGTH);
    const known = this.#known.get(agent);
    if (known !== undefined) return known;
    const device = read(agent);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(agent, device);
    return device;
  }
}

function read(agent: string): Device {
  const { browser, os, platform } = parse(agent);
  const major = /^\d+/.exec(browser.version ?? '')?.[0];
  const name = browser.name?.slice(0, 50);
  return {
    ...(platform.type === undefined ? {} : { device: platform.type.slice(0, 40) }),
    ...(name === undefined || name === ''
      ? {}
      : { browser: major === undefined ? name : `${name} ${major}` }),
    ...(os.name === undefined ? {} : { os: os.name.slice(0, 60) }),
  };
}
