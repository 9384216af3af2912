import { openChromium } from '../support/chromium.ts';

/** A Chromium with three fake cameras, of which the second gives no colour pictures and is left alone, and microphones. */
export function openCameraChromium(): ReturnType<typeof openChromium> {
  return openChromium({ camera: 'device-count=3,fps=30' });
}
