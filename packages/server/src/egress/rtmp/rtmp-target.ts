/** Where to publish. The key is a secret: never log a whole target. */
export interface RtmpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** RTMP application, such as `live`. */
  readonly app: string;
  readonly streamKey: string;
}

/**
 * Reads `rtmp://host[:port]/app/key` or `rtmps://…`; the last part of the path is the key, a query belongs to it.
 * Throws TypeError for anything else; the message leaves the key out.
 */
export function parseRtmpUrl(text: string): RtmpTarget {
  const match = /^(rtmps?):\/\/(\[[^\]/]+\]|[^/:[\]]+)(?::(\d{1,5}))?\/(.+)\/([^/]+)$/.exec(text);
  const [, scheme, host, port, app, streamKey] = match ?? [];
  if (host === undefined || app === undefined || streamKey === undefined) {
    throw new TypeError('an RTMP address looks like rtmp://host:1935/live/stream-key');
  }
  const tls = scheme === 'rtmps';
  const bare = host.replace(/^\[|\]$/g, '');
  return { host: bare, port: Number(port ?? (tls ? 443 : 1935)), tls, app, streamKey };
}
