import { SdpError } from './sdp-error.ts';

/** One address where a peer may be reached (RFC 8839 §5.1). */
export interface IceCandidate {
  readonly foundation: string;
  /** 1 is RTP, and RTCP with it. */
  readonly component: number;
  /** In lower case: `udp` or `tcp`. */
  readonly transport: string;
  /** Higher is preferred. */
  readonly priority: number;
  /** IP address or mDNS name. */
  readonly address: string;
  readonly port: number;
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly type: string;
  /** What follows the type, such as `raddr 10.0.0.1 rport 5000`; empty when nothing does. */
  readonly rest: string;
}

/** RFC 8839 §5.1 allows 1 to 32 characters; browsers stay far below. */
const FOUNDATION = /^[A-Za-z0-9+/]{1,32}$/;
const ADDRESS = /^[A-Za-z0-9.:%_-]{1,255}$/;
const TYPE = /^[a-z0-9-]{1,32}$/;
/** RFC 8445 §5.1.2.2. */
const HOST_TYPE_PREFERENCE = 126;

/** Reads the value of `a=candidate`, without the name. Throws SdpError. */
export function readCandidate(value: string, line?: number): IceCandidate {
  const [foundation = '', component = '', transport = '', priority = '', address = '', port = '', ...after] =
    value.trim().split(/ +/);
  const [typ = '', type = '', ...rest] = after;
  const candidate: IceCandidate = {
    foundation,
    component: integer(component, 1, 256),
    transport: transport.toLowerCase(),
    priority: integer(priority, 0, 0xffff_ffff),
    address,
    port: integer(port, 0, 0xffff),
    type,
    rest: rest.join(' '),
  };
  if (
    !FOUNDATION.test(foundation) ||
    !TYPE.test(candidate.transport) ||
    !ADDRESS.test(address) ||
    typ !== 'typ' ||
    !TYPE.test(type)
  ) {
    throw bad();
  }
  return candidate;

  function integer(text: string, min: number, max: number): number {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) throw bad();
    return number;
  }

  function bad(): SdpError {
    return new SdpError(`not an ICE candidate: '${value.slice(0, 100)}'`, line);
  }
}

/** The value of `a=candidate`. */
export function writeCandidate(candidate: IceCandidate): string {
  const { foundation, component, transport, priority, address, port, type, rest } = candidate;
  const text = `${foundation} ${component} ${transport} ${priority} ${address} ${port} typ ${type}`;
  return rest === '' ? text : `${text} ${rest}`;
}

/**
 * A UDP host candidate of ours. `rank` counts from 0 for the address that peers should try first (at most 65,535); the priority
 * follows from it by RFC 8445 §5.1.2.1.
 */
export function hostCandidate(address: string, port: number, rank: number): IceCandidate {
  return {
    foundation: String(rank + 1),
    component: 1,
    transport: 'udp',
    priority: 2 ** 24 * HOST_TYPE_PREFERENCE + 2 ** 8 * (0xffff - rank) + 255,
    address,
    port,
    type: 'host',
    rest: '',
  };
}
