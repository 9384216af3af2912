import { loadConfig } from '../config/config.ts';
import { createLogger } from '../platform/create-logger.ts';
import { untilTerminated } from '../platform/termination.ts';
import type { Command } from './command.ts';

/** `tallylight serve`: runs the server until it is told to stop. */
export const serveCommand: Command = {
  usage: '[--no-demo] [--tls-self-signed] [--setting value …]',
  description: 'Run the server (npm start does this)',
  async run(argv) {
    const config = loadConfig(argv, process.env);
    const log = createLogger(config.log);
    // Loaded only now: help and wrong flags must not wait for the whole server.
    const { serve } = await import('../main.ts');
    const server = await serve(config, log);
    return await untilTerminated(() => server.close(), log);
  },
};
