/** A server that has nothing but a worker; writes the child's process id and waits to be killed. */
import { startWorker } from './worker-harness.ts';

const { worker } = await startWorker();
process.stdout.write(`${worker.pid}\n`);
