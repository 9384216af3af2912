import { type DataChannel, PeerConnection } from 'node-datachannel';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import type { RtcCloseReason, RtcSession } from '../rtc-gateway.ts';
import type { RtcWorker } from '../rtc-worker.ts';

/** A probe without a browser: a data channel to a worker, with nothing that holds it back. */
export interface NativeProbe {
  readonly connection: PeerConnection;
  readonly channel: DataChannel;
  readonly session: RtcSession;
  /** Messages that came back. */
  readonly echoes: (string | Buffer | ArrayBuffer)[];
  /** Why the session ended by itself. */
  readonly closed: RtcCloseReason[];
}

/** Opens one, and waits for its channel. The caller closes its connection. */
export async function openNativeProbe(worker: RtcWorker): Promise<NativeProbe> {
  const connection = new PeerConnection('probe', { iceServers: [] });
  const channel = connection.createDataChannel('probe');
  const echoes: NativeProbe['echoes'] = [];
  const closed: RtcCloseReason[] = [];
  channel.onMessage((message) => void echoes.push(message));
  const offer = await waitFor('an offer', () => connection.localDescription()?.sdp);
  const session = await worker.openProbe({ offer, onClosed: (reason) => void closed.push(reason) });
  // It would keep to what we say that we take.
  const answer = session.answer.replace(/^a=max-message-size:.*$/m, 'a=max-message-size:262144');
  connection.setRemoteDescription(answer, 'answer');
  await waitFor('an open channel', () => channel.isOpen(), 10_000, 5);
  return { connection, channel, session, echoes, closed };
}
