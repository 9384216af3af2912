import { readSdp } from '@tallylight/media/sdp/read-sdp.ts';
import { SdpError } from '@tallylight/media/sdp/sdp-error.ts';
import { HttpError } from './http-error.ts';

/** Throws `HttpError` 400, with what is wrong in words, for a text that is no session description. */
export function checkOffer(offer: string): void {
  try {
    readSdp(offer);
  } catch (error) {
    if (error instanceof SdpError) throw new HttpError(400, 'BAD_SDP', error.message);
    throw error;
  }
}
