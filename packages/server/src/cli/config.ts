import { toConfig } from '../config/config.ts';
import { configTable } from '../config/config-table.ts';
import { readSettings } from '../config/read-settings.ts';
import type { Command } from './command.ts';

/** `tallylight config`: every setting with its value, default and unit, as the server would see them. */
export const configCommand: Command = {
  usage: '[--setting value …]',
  description: 'Print every setting: name, value, default, unit',
  async run(argv) {
    const values = readSettings(argv, process.env);
    toConfig(values);
    console.log(configTable(values));
    console.log(
      '\nEach name is an environment variable; HTTP_PORT, say, is also the flag --http-port. * marks what differs from the default.',
    );
    return 0;
  },
};
