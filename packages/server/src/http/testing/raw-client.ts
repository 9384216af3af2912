import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';

/** An answer, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request on a connection of its own. */
export function fetchOnce(
  url: string,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string | Uint8Array;
  } = {},
): Promise<RawAnswer> {
  const { body, ...request } = options;
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send(url, { agent: false, rejectUnauthorized: false, ...request }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** An HTTP/2 session that trusts anything. */
export function connectHttp2(url: string): ClientHttp2Session {
  return connect(url, { rejectUnauthorized: false });
}

/** One request of an HTTP/2 session. */
export function fetchHttp2(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'GET', ...headers });
    let received: IncomingHttpHeaders = {};
    const pieces: Buffer[] = [];
    stream.on('response', (answered) => {
      received = answered;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('end', () =>
      resolve({ status: Number(received[':status']), headers: received, body: Buffer.concat(pieces) }),
    );
    stream.end(body);
  });
}

/** A bare connection, and everything it received until the other side closed it. */
export class RawConnection {
  readonly socket: Socket;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<string>;
  received = '';

  /** Connects, and sends `text` as it is. */
  constructor(port: number, text = '') {
    this.socket = connectSocket(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', (piece: Buffer) => {
      this.received += piece.toString('latin1');
    });
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve(this.received)));
    if (text !== '') this.socket.write(text);
  }
}
