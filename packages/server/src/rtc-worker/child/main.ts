/** Entry of the child process: WebRTC for the server, which talks with it on standard input and descriptor 3. */
import { IceUdpMuxListener, initLogger, preload } from 'node-datachannel';
import { systemClock } from '../../platform/clock.ts';
import type { ConfigureMessage, ToChildMessage } from '../protocol/messages.ts';
import { Egress } from './egress/egress.ts';
import { nativeLogLine } from './native-log.ts';
import { ownAddresses } from './own-addresses.ts';
import { ParentPipe } from './parent-pipe.ts';
import type { PeerEnvironment } from './peer.ts';
import { Sessions } from './sessions.ts';

/** What there is once the server has said what it wants. */
interface Configured {
  readonly egress: Egress;
  readonly sessions: Sessions;
  /** Keeps the UDP port ours while no session is open. */
  readonly listener: IceUdpMuxListener;
}

/** Time for DTLS to say good-bye before the process ends. */
const FAREWELL_MS = 100;

let configured: Configured | undefined;
let ending = false;

const parent = new ParentPipe({
  onMessage: handle,
  onUnit: (unit) => configured?.egress.write(unit),
  onEnd: end,
});

// The server decides when we end: a terminal or service manager that signals the whole group must not be faster.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

function handle(message: ToChildMessage): void {
  if (message.type === 'ping') {
    parent.send({ type: 'pong' });
  } else if (message.type === 'configure') {
    configured ??= configure(message);
  } else if (configured !== undefined) {
    if ('session' in message) {
      if (message.type === 'close-session') parent.forget(message.session);
      configured.sessions.handle(message);
    } else {
      configured.egress.handle(message);
    }
  }
}

function configure({ port, advertisedAddresses, limits }: ConfigureMessage): Configured | undefined {
  try {
    // Below that a stranger's datagram writes a line: the native queue of lines has no bound.
    initLogger('Fatal', (_level, text) => {
      const fields = nativeLogLine(text);
      if (fields !== undefined) parent.send({ type: 'log', level: 'warn', event: 'libdatachannel', fields });
    });
    preload();
    const listener = new IceUdpMuxListener(port);
    const environment: PeerEnvironment = {
      port,
      addresses: () => ownAddresses(advertisedAddresses),
      limits,
      clock: systemClock,
    };
    const egress = new Egress({ parent, clock: systemClock, limits });
    parent.send({ type: 'ready', port, addresses: environment.addresses() });
    return { egress, sessions: new Sessions(environment, parent, egress), listener };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `WebRTC cannot start on UDP port ${port}, which may be in use: ${why}`;
    parent.send({ type: 'failed', message });
    setTimeout(() => process.exit(1), FAREWELL_MS);
    return undefined;
  }
}

/** Closes the peer connections, which tells the peers, and ends. The native `cleanup()` is not called: it sometimes crashes. */
function end(): void {
  if (ending) return;
  ending = true;
  configured?.sessions.close();
  configured?.egress.close();
  setTimeout(() => process.exit(0), FAREWELL_MS);
}
