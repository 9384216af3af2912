/** A STUN or TURN server as a browser takes it (`RTCIceServer`). */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Port: which ICE servers browsers are told of. Credentials in it are made for each answer and good for a limited time. */
export interface IceServerSource {
  iceServers(): readonly IceServer[];
  /** The same as values of `Link` headers (RFC 9725 §4.6). */
  linkHeaders(): readonly string[];
}
