import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Where Debian puts it; CHROMIUM_PATH overrides. */
export const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** What every Chromium of a test is started with. */
export const BASE_FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
] as const;

/** Pages behind others go on as if they were in front. */
const AWAKE_FLAGS = [
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

/** What a Chromium of a test can do besides. */
export interface ChromiumOptions {
  /** Fake cameras and microphones that need no permission, made from these settings of Chromium's, such as `fps=30`. Default: none. */
  readonly camera?: string;
}

/** The flags that give a Chromium fake cameras, and a page without permission its real addresses in ICE candidates. */
export function cameraFlags(settings: string): readonly string[] {
  return [
    `--use-fake-device-for-media-stream=${settings}`,
    '--use-fake-ui-for-media-stream',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
  ];
}

/** A headless Chromium with a fresh profile; `close` removes the profile. */
export async function openChromium({
  camera,
}: ChromiumOptions = {}): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), 'tallylight-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...BASE_FLAGS, ...AWAKE_FLAGS, ...(camera === undefined ? [] : cameraFlags(camera))],
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
