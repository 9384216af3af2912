import { type AmfObject, isAmfObject } from '@tallylight/media/amf/amf-value.ts';
import { describeType, type RtmpCommand, stringMember } from '../../rtmp/command.ts';
import type { RtmpLimits } from './rtmp-limits.ts';

/** A request that is refused: status code and the words for the encoder's user. They never hold a stream key. */
export interface Refusal {
  readonly accepted: false;
  readonly code: string;
  readonly description: string;
}

/** What `connect` asked for, if it may be had. */
export type ConnectRequest =
  | { readonly accepted: true; readonly app: string; readonly object: AmfObject }
  | Refusal;

/** What `publish` asked for, if it makes sense; whether the key is right is the authorizer's business. */
export type PublishName = { readonly accepted: true; readonly streamKey: string } | Refusal;

/** Reads the arguments of `connect` (RTMP 1.0 §7.2.1.1). Never throws. */
export function readConnect(
  command: RtmpCommand,
  apps: readonly string[],
  limits: RtmpLimits,
): ConnectRequest {
  const { object } = command;
  const app = isAmfObject(object) ? stringMember(object, 'app') : undefined;
  if (!isAmfObject(object) || app === undefined) {
    const found = isAmfObject(object) ? describeType(object.get('app')) : describeType(object);
    const description = `connect needs an object with the string app, got ${found}`;
    return { accepted: false, code: 'NetConnection.Connect.Rejected', description };
  }
  const name = appName(app);
  if (name.length <= limits.maxAppLength && apps.includes(name)) return { accepted: true, app: name, object };
  // The name itself is not repeated: people put their stream key into the URL by mistake.
  const known = apps.map((each) => `rtmp://…/${each}`).join(' or ');
  const description = `no such application here: set the server URL to ${known}, without the stream key`;
  return { accepted: false, code: 'NetConnection.Connect.InvalidApp', description };
}

/** Reads the arguments of `publish` (RTMP 1.0 §7.2.2.6): the key is the name without its query string. Never throws. */
export function readPublish(command: RtmpCommand, limits: RtmpLimits): PublishName {
  const code = 'NetStream.Publish.BadName';
  const [name] = command.args;
  if (typeof name !== 'string') {
    const description = `publish needs a stream key as a string, got ${describeType(name)}`;
    return { accepted: false, code, description };
  }
  const streamKey = name.split('?', 1)[0] ?? '';
  if (streamKey === '') return { accepted: false, code, description: 'the stream key is empty' };
  if (streamKey.length > limits.maxStreamKeyLength) {
    const description = `the stream key has ${streamKey.length} characters, at most ${limits.maxStreamKeyLength} are allowed`;
    return { accepted: false, code, description };
  }
  return { accepted: true, streamKey };
}

/** The application without outer slashes and query string: `live/` and `live?token=x` are `live`. */
function appName(app: string): string {
  const question = app.indexOf('?');
  let end = question < 0 ? app.length : question;
  let start = 0;
  while (app[start] === '/') start++;
  while (end > start && app[end - 1] === '/') end--;
  return app.slice(start, end);
}
