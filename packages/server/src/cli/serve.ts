import { loadConfig } from '../config/config.ts';
import { serve } from '../main.ts';
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
    const server = await serve(config, log);
    return await untilTerminated(() => server.close(), log);
  },
};
