import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { hostCandidate, writeCandidate } from '@tallylight/media/sdp/ice-candidate.ts';
import type { Page } from 'playwright-core';

/** What one direction of the network does to packets. */
export interface NetworkPath {
  /** Share of packets that get lost, 0…1. Default 0. */
  readonly lossFraction?: number;
  /** Every packet comes so much later, in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** On top of that, a random time of up to so many milliseconds. The order of packets is kept. Default 0. */
  readonly jitterMs?: number;
  /** More than so many bits a second wait in a queue of 200 ms; what finds it full is lost. Default no bound. */
  readonly bitsPerSecond?: number;
  /** What goes on instead of a packet: itself, something else, several, or nothing, which counts as lost. Default itself. */
  readonly change?: (packet: Buffer) => readonly Buffer[];
}

/** Where the proxy forwards to, and over what kind of network. */
export interface UdpProxyOptions {
  /** Port of the server on 127.0.0.1. */
  readonly targetPort: number;
  readonly toServer?: NetworkPath;
  readonly toClient?: NetworkPath;
  /** The same seed loses the same packets of the same traffic. Default 1. */
  readonly seed?: number;
}

/** Packets of one direction since the start. */
export interface PathCounters {
  received: number;
  forwarded: number;
  bytesForwarded: number;
  /** Lost on purpose. */
  lost: number;
  /** Lost because the queue before a bound of `bitsPerSecond` was full. */
  dropped: number;
  /** Lost because the proxy holds no more; 0 in a sound test. */
  overflowed: number;
}

/** Clients at once: more than any bench opens. */
const MAX_CLIENTS = 256;
/** Packets under way in each direction: 2 s of 100 viewers at 2.5 Mbit/s. */
const MAX_UNDER_WAY = 60_000;
/** What waits before a bound of the bandwidth, as in a usual home router. */
const QUEUE_MS = 200;
/** Room for the bursts of many sessions, which the default of the system has not. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * A network of a given delay and loss between UDP clients and one server port, all on 127.0.0.1. Each client gets a socket of its own
 * towards the server, which so tells them apart as it would without the proxy.
 */
export class UdpProxy {
  readonly port: number;
  readonly toServer: Direction;
  readonly toClient: Direction;
  readonly #targetPort: number;
  readonly #front: Socket;
  /** By the client's port. */
  readonly #upstream = new Map<number, Promise<Socket>>();
  #closed = false;

  private constructor(front: Socket, options: UdpProxyOptions) {
    this.#front = front;
    this.port = front.address().port;
    this.#targetPort = options.targetPort;
    const seed = options.seed ?? 1;
    this.toServer = new Direction(options.toServer ?? {}, seed);
    this.toClient = new Direction(options.toClient ?? {}, seed + 0x9e37_79b9);
    front.on('message', (packet, client) => this.#fromClient(packet, client));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(options: UdpProxyOptions): Promise<UdpProxy> {
    return new UdpProxy(await boundSocket(), options);
  }

  /** Clients that have sent something. */
  get clients(): number {
    return this.#upstream.size;
  }

  /** Sends the server something on the way of each client, as that client could: past delay, loss and bound. */
  async inject(packet: Uint8Array): Promise<void> {
    for (const socket of await Promise.all(this.#upstream.values())) {
      await new Promise<void>((resolve) =>
        socket.send(packet, this.#targetPort, '127.0.0.1', () => resolve()),
      );
    }
  }

  /** Packets under way are lost. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.toServer.close();
    this.toClient.close();
    const sockets = await Promise.all(this.#upstream.values());
    for (const socket of [this.#front, ...sockets]) socket.close();
  }

  #fromClient(packet: Buffer, client: RemoteInfo): void {
    let upstream = this.#upstream.get(client.port);
    if (upstream === undefined) {
      if (this.#upstream.size === MAX_CLIENTS) return;
      upstream = this.#open(client);
      this.#upstream.set(client.port, upstream);
    }
    this.toServer.pass(packet, (delivered) => {
      void upstream.then((socket) => {
        if (!this.#closed) socket.send(delivered, this.#targetPort, '127.0.0.1');
      });
    });
  }

  async #open(client: RemoteInfo): Promise<Socket> {
    const socket = await boundSocket();
    socket.on('message', (packet, { port }) => {
      if (port !== this.#targetPort) return;
      this.toClient.pass(packet, (delivered) => this.#front.send(delivered, client.port, client.address));
    });
    return socket;
  }
}

type Deliver = (packet: Buffer) => void;

/** One direction of the network. */
class Direction {
  readonly counters: PathCounters = {
    received: 0,
    forwarded: 0,
    bytesForwarded: 0,
    lost: 0,
    dropped: 0,
    overflowed: 0,
  };
  #path: NetworkPath;
  #random: () => number;
  #underWay: { readonly dueMs: number; readonly packet: Buffer; readonly deliver: Deliver }[] = [];
  #lastDueMs = 0;
  /** When the queue before the bound is empty. */
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: NetworkPath, seed: number) {
    this.#path = path;
    this.#random = randomNumbers(seed);
  }

  /** From now on the network is like this. */
  become(path: NetworkPath): void {
    this.#path = path;
  }

  /** Loses the packet, or delivers it in time, or what it was changed to. */
  pass(packet: Buffer, deliver: Deliver): void {
    const { lossFraction = 0, delayMs = 0, jitterMs = 0, change } = this.#path;
    this.counters.received++;
    // Both are drawn for every packet, so that a change of one leaves the other as it was.
    const isLost = this.#random() < lossFraction;
    const takesMs = delayMs + this.#random() * jitterMs;
    const changed = isLost ? [] : (change?.(packet) ?? [packet]);
    if (changed.length === 0) this.counters.lost++;
    for (const each of changed) this.#send(each, takesMs, deliver);
    this.#deliverDue();
  }

  #send(packet: Buffer, takesMs: number, deliver: Deliver): void {
    const queuedMs = this.#queue(packet.length);
    if (queuedMs === undefined) {
      this.counters.dropped++;
      return;
    }
    if (this.#underWay.length === MAX_UNDER_WAY) {
      this.counters.overflowed++;
      return;
    }
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + queuedMs + takesMs);
    this.#underWay.push({ dueMs: this.#lastDueMs, packet, deliver });
  }

  /** Milliseconds until the packet is through the bound of the bandwidth; undefined when the queue before it is full. */
  #queue(bytes: number): number | undefined {
    const { bitsPerSecond } = this.#path;
    if (bitsPerSecond === undefined) return 0;
    const nowMs = performance.now();
    const waitsMs = Math.max(0, this.#freeAtMs - nowMs);
    if (waitsMs > QUEUE_MS) return undefined;
    const throughMs = waitsMs + (bytes * 8000) / bitsPerSecond;
    this.#freeAtMs = nowMs + throughMs;
    return throughMs;
  }

  /** Loses what is under way. */
  close(): void {
    clearTimeout(this.#timer);
    this.#underWay = [];
  }

  #deliverDue(): void {
    const nowMs = performance.now();
    const waiting = this.#underWay.findIndex(({ dueMs }) => dueMs > nowMs);
    const due = this.#underWay.splice(0, waiting < 0 ? this.#underWay.length : waiting);
    for (const { packet, deliver } of due) {
      this.counters.forwarded++;
      this.counters.bytesForwarded += packet.length;
      deliver(packet);
    }
    const [next] = this.#underWay;
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#deliverDue();
      },
      Math.max(0, next.dueMs - nowMs),
    );
  }
}

/** The same SDP answer with the proxy as the only candidate: whoever gets it reaches the server through the proxy alone. */
export function throughProxy(answer: string, proxyPort: number): string {
  const candidate = `a=candidate:${writeCandidate(hostCandidate('127.0.0.1', proxyPort, 0))}`;
  let placed = false;
  const lines = answer.split('\r\n').flatMap((line) => {
    if (line.startsWith('m=')) placed = false;
    if (!line.startsWith('a=candidate:')) return [line];
    if (placed) return [];
    placed = true;
    return [candidate];
  });
  return lines.join('\r\n');
}

/** Makes a page take the proxy in each SDP answer that comes from URLs of this pattern, such as `**\/whip` or `**\/whep/*`. */
export async function routeThroughProxy(
  page: Page,
  pattern: string | RegExp,
  proxyPort: number,
): Promise<void> {
  await page.route(pattern, async (route) => {
    if (route.request().method() !== 'POST') return await route.continue();
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: response.status() === 201 ? throughProxy(body, proxyPort) : body });
  });
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  // A port that is gone answers with ICMP; the sessions notice by themselves.
  socket.on('error', () => {});
  socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
  socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
  return socket;
}

/** 0…1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
