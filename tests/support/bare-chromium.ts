import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE_FLAGS, CHROMIUM } from './chromium.ts';
import { waitFor } from './wait-for.ts';

/**
 * A Chromium driven by its debugging protocol alone. Playwright makes every page believe that it is in front; here another tab
 * comes before it, and the browser does to it what it does to hidden pages: timers once a second, no rendering.
 */
export class BareChromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #session = '';
  #target = '';
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

  /** Starts it with an empty page, and with these flags besides the usual ones. */
  static async open(flags: readonly string[] = []): Promise<BareChromium> {
    const profile = await mkdtemp(join(tmpdir(), 'tallylight-hidden-'));
    const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
    const child = spawn(CHROMIUM, [...BASE_FLAGS, ...flags, ...own], { stdio: 'ignore' });
    const [port, path] = await waitFor('Chromium', async () => {
      const lines = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      return lines.length > 1 && lines;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    const browser = new BareChromium(child, profile, socket);
    const { targetInfos } = await browser.send('Target.getTargets');
    const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
    browser.#target = page?.targetId ?? '';
    const { sessionId } = await browser.send('Target.attachToTarget', {
      targetId: browser.#target,
      flatten: true,
    });
    browser.#session = sessionId as string;
    await browser.send('Page.enable');
    return browser;
  }

  /** Sends a command of the Chrome DevTools Protocol; rejects with what it answers when that is an error. */
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

  /** Goes to an address; `before` runs in the page ahead of its own scripts. */
  async goTo(url: string, before = ''): Promise<void> {
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: before });
    await this.send('Page.navigate', { url });
  }

  /** Opens another tab in front of the page; resolves when the page knows that it is hidden. */
  async hide(): Promise<void> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', newWindow: false });
    await this.send('Target.activateTarget', { targetId });
    await waitFor('the page to be hidden', () => this.#isHidden());
  }

  /** Brings the page to the front again. */
  async show(): Promise<void> {
    await this.send('Target.activateTarget', { targetId: this.#target });
    await waitFor('the page to be visible', async () => !(await this.#isHidden()));
  }

  /** Ends the browser and removes its profile. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #isHidden(): Promise<boolean> {
    return (await this.run('document.visibilityState')) === 'hidden';
  }
}
