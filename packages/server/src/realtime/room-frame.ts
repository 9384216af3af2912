/** Longest payload whose length fits one byte, and two bytes, of a WebSocket frame's header (RFC 6455 §5.2). */
const SHORT = 125;
const MEDIUM = 65_535;
/** FIN and the opcode of text. */
const FINAL_TEXT = 0x81;

/**
 * An event as it goes over a server's WebSocket, header and all in one piece: Engine.IO's `4` (message), Socket.IO's `2` (event), its JSON.
 * @param packet name, payload and, if it can be recovered, its offset.
 */
export function eventFrame(packet: readonly unknown[]): Buffer {
  const text = `42${JSON.stringify(packet)}`;
  const length = Buffer.byteLength(text);
  const start = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, start);
  return frame;
}
