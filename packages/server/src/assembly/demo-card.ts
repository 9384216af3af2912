import type { Config } from '../config/config.ts';
import type { MemoryKey } from '../keys/memory-key.ts';
import type { Logger } from '../platform/logger.ts';
import { defaultCardOptions } from '../test-card/card-options.ts';
import { TestCardPublisher } from '../test-card/test-card-publisher.ts';

/** Stream of the built-in test card. */
export const DEMO_STREAM = 'demo';

/** The test card publishes through our own port, like any encoder. */
export function startTestCard(config: Config, port: number, key: MemoryKey, log: Logger): TestCardPublisher {
  const { host } = config.rtmp;
  const target = {
    host: isWildcard(host) ? 'localhost' : host,
    port,
    tls: false,
    app: 'live',
    streamKey: key.streamKey,
  };
  const card = new TestCardPublisher(
    target,
    { ...defaultCardOptions, ffmpegPath: config.transcode.ffmpegPath },
    log,
  );
  card.start();
  return card;
}

/** True for an address that means all of them, which one can listen on and not connect to. */
function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}
