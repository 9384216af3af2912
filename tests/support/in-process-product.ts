import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlLimits } from '../../packages/server/src/assembly/control-limits.ts';
import { loadConfig } from '../../packages/server/src/config/config.ts';
import { serve } from '../../packages/server/src/main.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { freePort, freeUdpPort } from './free-port.ts';

/** The whole product within the test's own process, for limits below what its settings allow; else see `Product`. */
export class InProcessProduct {
  readonly url: string;
  readonly rtmpPort: number;
  readonly #close: () => Promise<void>;

  private constructor(parts: Pick<InProcessProduct, 'url' | 'rtmpPort'>, close: () => Promise<void>) {
    this.url = parts.url;
    this.rtmpPort = parts.rtmpPort;
    this.#close = close;
  }

  /** Starts it, with an embedded database, and waits until the control plane is ready. */
  static async start(options: {
    readonly env?: Readonly<Record<string, string>>;
    /** Changes the limits that the settings amount to. */
    readonly limits?: (limits: ControlLimits) => ControlLimits;
  }): Promise<InProcessProduct> {
    const directory = await mkdtemp(join(tmpdir(), 'tallylight-product-'));
    const [http, rtmp, rtc] = await Promise.all([freePort(), freePort(), freeUdpPort()]);
    const config = loadConfig(['--no-demo'], {
      ...{ HTTP_HOST: '127.0.0.1', HTTP_PORT: String(http), RTMP_PORT: String(rtmp) },
      ...{ RTC_PORT: String(rtc), DATA_DIR: directory },
      ...options.env,
    });
    const { control } = config;
    if (control === undefined) throw new Error('there is no control plane');
    const limits = options.limits?.(control.limits) ?? control.limits;
    const server = await serve({ ...config, control: { ...control, limits } }, silentLogger);
    const close = async (): Promise<void> => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    };
    try {
      await server.control?.open();
    } catch (error) {
      await close();
      throw error;
    }
    const { httpPort, rtmpPort } = server;
    return new InProcessProduct({ url: `http://127.0.0.1:${httpPort}`, rtmpPort }, close);
  }

  /** Stops the server and its database. */
  stop(): Promise<void> {
    return this.#close();
  }
}
