/** Samples at 48 kHz in one frame, by the TOC byte's configuration number: RFC 6716 §3.1, table 2. */
function frameSamples(config: number): number {
  if (config < 12) return [480, 960, 1920, 2880][config % 4] ?? 960;
  if (config < 16) return config % 2 === 0 ? 480 : 960;
  return [120, 240, 480, 960][config % 4] ?? 960;
}

/** Samples at 48 kHz in an Opus packet, RFC 6716 §3.1–3.2; undefined for a malformed one or more than 120 ms. */
export function opusPacketSamples(packet: Uint8Array): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const perFrame = frameSamples(toc >> 3);
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  const samples = perFrame * frames;
  return samples === 0 || samples > 5760 ? undefined : samples;
}
