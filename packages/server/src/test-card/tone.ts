/** Samples per second of the tone: what AAC encoders like best. */
export const toneSampleRate = 48_000;

const beepHz = 1000;
const humHz = 220;
const beepMs = 100;

/**
 * Signed 16-bit little-endian mono samples: a quiet hum, and a beep of 100 ms at every whole Unix second, so that ears and machines can
 * compare sound with the clock in the picture.
 * @param firstUnixMs The moment of the first sample.
 */
export function writeTone(firstUnixMs: number, samples: number): Uint8Array {
  const bytes = new Uint8Array(2 * samples);
  const view = new DataView(bytes.buffer);
  // Phase follows the wall clock within the second: both frequencies are whole numbers, so no click at its end.
  const firstSec = (firstUnixMs % 1000) / 1000;
  for (let index = 0; index < samples; index += 1) {
    const second = (firstSec + index / toneSampleRate) % 1;
    const beep = second * 1000 < beepMs ? 0.25 * Math.sin(2 * Math.PI * beepHz * second) : 0;
    const hum = 0.03 * Math.sin(2 * Math.PI * humHz * second);
    view.setInt16(2 * index, Math.round(32_767 * (beep + hum)), true);
  }
  return bytes;
}
