import { loadConfig } from '../config/config.ts';
import { renderTable } from '../config/config-table.ts';
import { KeyFile } from '../keys/key-file.ts';
import { createLogger } from '../platform/create-logger.ts';
import { type Command, UsageError } from './command.ts';

/** `tallylight key`: the stream keys in the data folder. */
export const keyCommand: Command = {
  usage: 'add <stream> | list [--reveal] | revoke <stream or key id>',
  description: 'Make, list and revoke stream keys; a running server follows',
  async run(argv) {
    const [action, ...rest] = argv;
    const reveal = rest.includes('--reveal');
    const words = rest.filter((word) => word !== '--reveal');
    const subject = words[0]?.startsWith('--') === false ? words[0] : undefined;
    const config = loadConfig(subject === undefined ? words : words.slice(1), process.env);
    const keys = await KeyFile.open({
      directory: config.dataDir,
      masterKey: config.masterKey,
      log: createLogger(config.log),
    });
    if (action === 'list' && subject === undefined) return await list(keys, reveal);
    if (action === 'add' && subject !== undefined) return await add(keys, subject);
    if (action === 'revoke' && subject !== undefined) return await revoke(keys, subject);
    throw new UsageError('key needs one of: add <stream>, list [--reveal], revoke <stream or key id>');
  },
};

async function add(keys: KeyFile, streamId: string): Promise<number> {
  const { streamKey } = await keys.add(streamId);
  console.log(`Stream key for ${streamId}, to type into the encoder:\n${streamKey}`);
  return 0;
}

async function list(keys: KeyFile, reveal: boolean): Promise<number> {
  const rows = (await keys.list()).map(({ id, streamId, createdAt }) => [
    streamId,
    id,
    createdAt,
    reveal ? keys.reveal(id) : masked(keys.reveal(id)),
  ]);
  console.log(
    rows.length === 0
      ? 'There are no stream keys.'
      : renderTable([['stream', 'key id', 'made at', 'stream key'], ...rows]),
  );
  return 0;
}

async function revoke(keys: KeyFile, idOrStreamId: string): Promise<number> {
  const { id, streamId } = await keys.revoke(idOrStreamId);
  console.log(`Revoked ${id} of stream ${streamId}; a live session with it ends within 2 s.`);
  return 0;
}

/** Enough to tell two keys apart, far too little to publish with. */
function masked(streamKey: string): string {
  return `${streamKey.slice(0, 5)}…${streamKey.slice(-4)}`;
}
