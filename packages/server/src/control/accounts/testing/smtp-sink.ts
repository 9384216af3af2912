import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A mail server that keeps what it is given. Knows just enough SMTP (RFC 5321) for one sender that behaves. */
export class SmtpSink {
  readonly #server: Server;
  readonly #letters: string[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<SmtpSink> {
    const sink = new SmtpSink();
    await new Promise<void>((resolve) => {
      sink.#server.listen(0, '127.0.0.1', resolve);
    });
    return sink;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every letter so far, headers and text, with quoted-printable undone. */
  get letters(): readonly string[] {
    return this.#letters.map((letter) =>
      letter
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    );
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let letter: string | undefined;
    let rest = '';
    socket.on('error', () => {});
    socket.write('220 sink\r\n');
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (letter === undefined) {
          const command = line.slice(0, 4).toUpperCase();
          if (command === 'DATA') letter = '';
          socket.write(
            command === 'DATA' ? '354 go on\r\n' : command === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n',
          );
        } else if (line === '.') {
          this.#letters.push(letter);
          letter = undefined;
          socket.write('250 kept\r\n');
        } else {
          letter += `${line.replace(/^\./, '')}\r\n`;
        }
      }
    });
  }
}
