import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { OriginPolicy } from '../../api/origin-policy.ts';
import { ControlEvents } from '../../control/control-events.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { RealtimeLimits } from '../realtime-limits.ts';
import { RealtimeServer } from '../realtime-server.ts';
import {
  FakeAccess,
  FakeActors,
  FakeChat,
  FakePresence,
  FakeQuestions,
  FakeReactions,
} from './fake-services.ts';

/** Origin that the fixture's server trusts. */
export const TRUSTED_ORIGIN = 'https://chat.example.org';

/** A real realtime server on a port, with services in memory. */
export class RealtimeFixture {
  readonly events = new ControlEvents();
  readonly actors = new FakeActors();
  readonly access = new FakeAccess();
  readonly presence = new FakePresence(this.events);
  readonly chat = new FakeChat(this.events);
  readonly reactions = new FakeReactions(this.events);
  readonly questions = new FakeQuestions(this.events);
  readonly server: RealtimeServer;
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  /** What the server takes for a client's address. */
  addressOf: (request: IncomingMessage) => string = () => '192.0.2.1';

  private constructor(limits: Partial<RealtimeLimits>) {
    const { events, actors, access, presence, chat, reactions, questions } = this;
    this.server = new RealtimeServer({
      ...{ events, actors, access, presence, chat, reactions, questions },
      origins: new OriginPolicy([TRUSTED_ORIGIN]),
      addressOf: (request) => this.addressOf(request),
      clock: systemClock,
      log: silentLogger,
      limits,
    });
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.#http.on('upgrade', (request, socket, head) => this.server.handleUpgrade(request, socket, head));
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @param port of a server that was there before; 0: any. */
  static async start(limits: Partial<RealtimeLimits> = {}, port = 0): Promise<RealtimeFixture> {
    const fixture = new RealtimeFixture(limits);
    fixture.#http.listen(port, '127.0.0.1');
    await once(fixture.#http, 'listening');
    return fixture;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Breaks every connection, as a cable that is pulled. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await this.server.close();
    this.breakConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
