import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BASE_FLAGS, CHROMIUM, cameraFlags } from '../support/chromium.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

const FLAGS = [...BASE_FLAGS, ...cameraFlags('fps=30'), '--remote-debugging-port=0'];

/** What the page tells about itself. */
interface Reading {
  readonly visibility: string;
  readonly picture: BroadcastState['picture'];
  readonly track: string;
  readonly framesPerSecond: number;
}

/**
 * A Chromium driven by its debugging protocol alone. Playwright makes every page believe that it is in front; here another tab
 * comes before it, and the browser does to it what it does to hidden pages: timers once a second, no rendering.
 */
class BareChromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #session = '';
  #count = 0;

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const answer = JSON.parse(data) as { id?: number };
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async open(): Promise<BareChromium> {
    const profile = await mkdtemp(join(tmpdir(), 'tallylight-hidden-'));
    const child = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: 'ignore',
    });
    const [port, path] = await waitFor('Chromium', async () => {
      const lines = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      return lines.length > 1 && lines;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    const browser = new BareChromium(child, profile, socket);
    const { targetInfos } = await browser.send('Target.getTargets');
    const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
    const { sessionId } = await browser.send('Target.attachToTarget', {
      targetId: page?.targetId,
      flatten: true,
    });
    browser.#session = sessionId as string;
    await browser.send('Page.enable');
    return browser;
  }

  async send(method: string, parameters: object = {}): Promise<Record<string, unknown>> {
    this.#count += 1;
    const id = this.#count;
    const session = method.startsWith('Target.') ? {} : { sessionId: this.#session };
    const answer = await new Promise<Record<string, unknown>>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params: parameters, ...session }));
    });
    if (answer['error'] !== undefined) throw new Error(`${method}: ${JSON.stringify(answer['error'])}`);
    return answer['result'] as Record<string, unknown>;
  }

  /** Runs a script in the page, as if a click had started it. */
  async run(expression: string): Promise<unknown> {
    const answer = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (answer['exceptionDetails'] !== undefined) throw new Error(JSON.stringify(answer['exceptionDetails']));
    return (answer['result'] as { value?: unknown }).value;
  }

  /** Opens another tab in front of the page. */
  async hide(): Promise<void> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', newWindow: false });
    await this.send('Target.activateTarget', { targetId });
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

describe.each([
  ['frames are drawn in a worker', '', 'MediaStreamTrackGenerator'],
  [
    'a browser that gives workers no frames',
    'delete window.MediaStreamTrackGenerator;',
    'CanvasCaptureMediaStreamTrack',
  ],
])('the studio in a page that nobody sees: %s', (_words, before, trackType) => {
  let server: Tallylight;
  let key: string;
  let browser: BareChromium;

  const read = async (): Promise<Reading> =>
    (await browser.run(`(() => {
      const state = tallylightStudio.client.store.get();
      return {
        visibility: document.visibilityState,
        picture: state.picture,
        track: state.stream.getVideoTracks()[0].constructor.name,
        framesPerSecond: state.figures?.framesPerSecond ?? 0,
      };
    })()`)) as Reading;

  /** More than half of the frames, over a span that began after the call: figures are means of two seconds. */
  const runsOn = async (): Promise<Reading> => {
    const fromMs = performance.now();
    return waitFor(
      'frames',
      async () => {
        const reading = await read();
        return performance.now() - fromMs > 3_000 && reading.framesPerSecond > 15 && reading;
      },
      20_000,
    );
  };

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
    key = await server.addKey('show');
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    browser = await BareChromium.open();
  });

  afterEach(async () => {
    await browser.close();
  });

  test('screen and camera together go on at more than half of their rate, in black too', async () => {
    await browser.send('Page.addScriptToEvaluateOnNewDocument', { source: before });
    await browser.send('Page.navigate', { url: `${server.url}/studio` });
    await waitFor('the studio', () => browser.run('window.tallylightStudio !== undefined'));
    await browser.run(`{
      const field = document.querySelector('#stream-key');
      field.value = ${JSON.stringify(key)};
      field.dispatchEvent(new Event('input'));
    }`);
    await browser.run('tallylightStudio.client.startPreview().then(() => true)');
    await browser.run('tallylightStudio.client.startBroadcast().then(() => true)');
    await browser.run('tallylightStudio.client.shareScreen(true).then(() => true)');
    await browser.hide();
    await waitFor('the page to be hidden', async () => (await read()).visibility === 'hidden');
    const hidden = await runsOn();
    expect(hidden).toMatchObject({ visibility: 'hidden', picture: 'camera+screen', track: trackType });
    await browser.run('tallylightStudio.client.stopSharing()');
    await browser.run('tallylightStudio.client.toggleVideo(false)');
    expect(await runsOn()).toMatchObject({ visibility: 'hidden', picture: 'camera' });
  });
});
