import { writeSync } from 'node:fs';
import { Database } from '../../../db/database.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import { markLive } from '../../streams/life-repository.ts';
import { NotificationService } from '../service.ts';

// A server that takes a stream live and is killed by the kernel (SIGKILL: nothing is tidied up) at the moment that its third argument names.
// It says on its standard output whom it told and mailed, one to a line, before anything else can happen.
const [url = '', streamId = '', moment = ''] = process.argv.slice(2);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function say(what: string, userId: string): number {
  writeSync(1, `${what} ${userId}\n`);
  return ++said;
}
let said = 0;

const events = new ControlEvents();
const database = new Database({ url, log: silentLogger });
const notifications = new NotificationService({
  ...{ database, events, clock: systemClock, log: silentLogger },
  mailer: {
    send: async ({ userId }) => {
      say('mailed', userId);
      if (moment === 'while mailing') die();
      await Promise.resolve();
    },
  },
  limits: { batch: 2, mailsAtOnce: 1 },
});
events.on('notification', ({ userId }) => {
  const count = say('told', userId);
  // The last one of the second page: what comes after is not told.
  if (moment === 'while telling' && count === 4) die();
});
notifications.start();
await notifications.idle();
await database.asService((tx) => markLive(tx, streamId));
if (moment === 'before telling') die();
// As the life of streams tells it, once the change is committed.
events.emit('stream-live', { stream: { id: streamId } as never });
await notifications.idle();
