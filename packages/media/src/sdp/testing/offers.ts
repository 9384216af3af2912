import { readFileSync } from 'node:fs';

/** Offers as they were made: by Chromium 156 with its fake devices, by libdatachannel 0.24 (what OBS Studio publishes with). */
export const OFFERS = [
  'chromium-sendonly',
  'chromium-simulcast',
  'chromium-recvonly',
  'chromium-sendrecv-data',
  'chromium-data',
  'libdatachannel-sendonly',
] as const;

/** The text of one of these offers, with CRLF line ends. */
export function offerText(name: (typeof OFFERS)[number]): string {
  const text = readFileSync(new URL(`${name}.sdp`, import.meta.url), 'utf8');
  return text.replace(/\r?\n/g, '\r\n');
}
