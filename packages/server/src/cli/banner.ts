import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';

/** What the banner tells of a server that listens. */
export interface BannerFacts {
  readonly config: Config;
  /** Ports as they are, also where 0 was asked for. */
  readonly httpPort: number;
  readonly httpsPort: number | undefined;
  readonly rtmpPort: number;
  /** The stream to type into an encoder; absent when there is no key. */
  readonly stream: { readonly streamId: string; readonly streamKey: string } | undefined;
}

/** Everything that one needs to watch and to publish, to be printed when the server listens. */
export function banner(facts: BannerFacts): string {
  const { config, stream } = facts;
  const base = config.http.publicUrl ?? `http://localhost:${facts.httpPort}`;
  const rtmpHost =
    config.http.publicUrl === undefined ? (ownAddress() ?? 'localhost') : new URL(base).hostname;
  const demo = config.demo
    ? [
        `  Watch the test card     ${base}/watch/demo`,
        `  Its playlist            ${base}/hls/demo/index.m3u8`,
      ]
    : [];
  const secure =
    facts.httpsPort === undefined ? [] : [`  Over TLS                https://localhost:${facts.httpsPort}/`];
  return [
    '',
    'Tallylight is on.',
    '',
    `  Everything live         ${base}/`,
    ...demo,
    ...secure,
    '',
    ...publishing(stream, base, facts, rtmpHost),
    '',
  ].join('\n');
}

function publishing(
  stream: BannerFacts['stream'],
  base: string,
  facts: BannerFacts,
  rtmpHost: string,
): readonly string[] {
  if (stream === undefined) return ['  To publish, make a stream key:  npx tallylight key add <stream>'];
  const away =
    rtmpHost === 'localhost' ? '' : `   (from elsewhere: rtmp://${rtmpHost}:${facts.rtmpPort}/live)`;
  const studio = facts.config.rtc === undefined ? [] : [`  Publish from a browser  ${base}/studio`, ''];
  return [
    ...studio,
    '  Publish with OBS (Settings, Stream, Service: Custom):',
    `    Server                rtmp://localhost:${facts.rtmpPort}/live${away}`,
    `    Stream key            ${stream.streamKey}`,
    '    Keyframe interval     2 s, tune zerolatency, no B-frames',
    `  Watch it at             ${base}/watch/${stream.streamId}`,
    `  Its playlist            ${base}/hls/${stream.streamId}/index.m3u8`,
  ];
}

/** The first address of this machine that others can reach, for encoders on other machines. */
function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
