import { SdpError } from './sdp-error.ts';
import { SDP_LIMITS } from './sdp-limits.ts';
import type { Simulcast, SimulcastLayer } from './session-description.ts';

/**
 * RFC 8851 §10: letters and digits; `-` and `_` for older senders. As long as the one-byte form of a header extension has room for
 * (RFC 8285 §4.2): a longer one would never be told by RTP.
 */
export const RID = /^[A-Za-z0-9_-]{1,16}$/;

/** Reads the value of `a=simulcast` (RFC 8853 §5.1). Throws SdpError. */
export function readSimulcast(value: string, line?: number): Simulcast {
  const words = value.trim().split(/ +/);
  const layers: { send: readonly SimulcastLayer[]; recv: readonly SimulcastLayer[] } = { send: [], recv: [] };
  const seen = new Set<string>();
  if (words.length !== 2 && words.length !== 4) throw bad();
  for (let i = 0; i < words.length; i += 2) {
    const direction = words[i];
    if ((direction !== 'send' && direction !== 'recv') || seen.has(direction)) throw bad();
    seen.add(direction);
    const texts = (words[i + 1] ?? '').split(';');
    if (texts.length > SDP_LIMITS.rids) throw bad();
    layers[direction] = texts.map(readLayer);
  }
  return layers;

  function readLayer(text: string): SimulcastLayer {
    const rids = text.split(',').map((rid) => rid.replace(/^~/, ''));
    if (rids.length > SDP_LIMITS.rids || !rids.every((rid) => RID.test(rid))) throw bad();
    return { rids, paused: text.startsWith('~') };
  }

  function bad(): SdpError {
    return new SdpError(`a=simulcast cannot be '${value.slice(0, 100)}'`, line);
  }
}

/** The value of `a=simulcast`. */
export function writeSimulcast({ send, recv }: Simulcast): string {
  const side = (name: string, layers: readonly SimulcastLayer[]): string[] =>
    layers.length === 0
      ? []
      : [`${name} ${layers.map(({ rids, paused }) => (paused ? '~' : '') + rids.join(',')).join(';')}`];
  return [...side('send', send), ...side('recv', recv)].join(' ');
}
