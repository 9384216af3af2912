import { type Config, loadConfig } from '../config/config.ts';
import { KeyFile } from '../keys/key-file.ts';
import type { RunningServer } from '../main.ts';
import { createLogger } from '../platform/create-logger.ts';
import type { Logger } from '../platform/logger.ts';
import { untilTerminated } from '../platform/termination.ts';
import { type BannerFacts, banner } from './banner.ts';
import type { Command } from './command.ts';
import { newcomerLine } from './newcomer-line.ts';

/** The stream that a first start makes a key for, so that a newcomer can publish at once. */
const firstStream = 'live';

/** `tallylight serve`: runs the server until it is told to stop. */
export const serveCommand: Command = {
  usage: '[--no-demo] [--tls-self-signed] [--setting value …]',
  description: 'Run the server (npm start does this)',
  async run(argv) {
    const config = loadConfig(argv, process.env);
    const log = createLogger(config.log);
    const stream = await streamToPublish(config, log);
    // Loaded only now: help and wrong flags must not wait for the whole server.
    const { serve } = await import('../main.ts');
    const server = await serve(config, log);
    // Whoever asks for JSON collects the output: the key must not be collected with it.
    if (config.log.format !== 'json') console.log(banner({ ...server, config, stream }));
    const failure = server.control?.open().then(
      () => tellNewcomers(config, server),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    return await untilTerminated(() => server.close(), log, failure);
  },
};

/** A key to show: that of the stream `live`, which a first start makes, else the oldest there is. */
async function streamToPublish(config: Config, log: Logger): Promise<BannerFacts['stream']> {
  const keys = await KeyFile.open({ directory: config.dataDir, masterKey: config.masterKey, log });
  if (keys.isNew) await keys.add(firstStream);
  const known = await keys.list();
  const shown = known.find(({ streamId }) => streamId === firstStream) ?? known[0];
  return shown === undefined ? undefined : { streamId: shown.streamId, streamKey: keys.reveal(shown.id) };
}

/** How the first people come in, once it is known. A log must not hold the token. */
function tellNewcomers(config: Config, { control, httpPort }: RunningServer): undefined {
  if (control === undefined || config.log.format === 'json') return;
  const line = newcomerLine({
    base: config.http.publicUrl ?? `http://localhost:${httpPort}`,
    setupToken: control.setupToken(),
    isHosted: control.isHosted(),
    hostApp: config.control?.hostApp,
  });
  if (line !== undefined) console.log(`${line}\n`);
}
