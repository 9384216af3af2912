import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { BASE_FLAGS, CHROMIUM } from '../../support/chromium.ts';
import { Product } from '../../support/product.ts';
import { FfmpegPublisher, patternArgs } from '../../support/publisher.ts';
import { waitFor } from '../../support/wait-for.ts';

/** The product with a browser in front of it. */
export class Desk {
  readonly product: Product;
  readonly #browser: Browser;
  readonly #publishers: FfmpegPublisher[] = [];

  private constructor(product: Product, browser: Browser) {
    this.product = product;
    this.#browser = browser;
  }

  /** Starts both. */
  static async open(): Promise<Desk> {
    const [product, browser] = await Promise.all([
      Product.start({ env: { LADDER: '144p:100k' } }),
      chromium.launch({ executablePath: CHROMIUM, args: [...BASE_FLAGS] }),
    ]);
    return new Desk(product, browser);
  }

  /** By name, not by number: passkeys are for names. */
  get url(): string {
    return `http://localhost:${this.product.server.httpPort}`;
  }

  /** Somebody without an account at a browser of their own. */
  async sitDown(): Promise<Seat> {
    return Seat.open(this.#browser, this.url);
  }

  /** Publishes a small picture with a stream's key until the desk is closed. */
  publish(streamKey: string): void {
    this.#publishers.push(
      FfmpegPublisher.start(
        patternArgs(`${this.product.server.rtmpUrl}/${streamKey}`, {
          size: '320x180',
          bitrate: '300k',
          seconds: 120,
        }),
      ),
    );
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.#browser.close();
    await Promise.all(this.#publishers.map((publisher) => publisher.stop('SIGKILL')));
    await this.product.stop();
  }
}

/** What was typed at a sign-up. */
export interface Account {
  readonly email: string;
  readonly password: string;
}

/** One person at one browser with one page, and all that went wrong on it. */
export class Seat {
  readonly page: Page;
  readonly url: string;
  /** Errors of scripts, and what the Content-Security-Policy refused. */
  readonly trouble: string[];

  private constructor(page: Page, url: string, trouble: string[]) {
    this.page = page;
    this.url = url;
    this.trouble = trouble;
  }

  /** A new context of the browser. */
  static async open(browser: Browser, url: string): Promise<Seat> {
    const context: BrowserContext = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
      timezoneId: 'Europe/Berlin',
      locale: 'en-GB',
    });
    context.setDefaultTimeout(10_000);
    const trouble: string[] = [];
    await context.exposeFunction('tellTrouble', (text: string) => trouble.push(text));
    await context.addInitScript(() => {
      const { tellTrouble } = window as unknown as { tellTrouble: (text: string) => void };
      addEventListener('securitypolicyviolation', (event) => {
        tellTrouble(`${event.violatedDirective}: ${event.blockedURI}`);
      });
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => trouble.push(error.message));
    return new Seat(page, url, trouble);
  }

  /** Goes to a page of the product. */
  async goTo(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  /** Makes an account by the form, and is then at `next`. */
  async signUp(name: string, next: string): Promise<Account> {
    const account = { email: `${name.toLowerCase()}@example.org`, password: `${name} has a long password` };
    if (!this.page.url().includes('/sign-in')) await this.goTo(`/sign-in?next=${next}`);
    const form = this.page.locator('.panel', { hasText: 'Password, at least' });
    await form.locator('[name=name]').fill(name);
    await form.locator('[name=email]').fill(account.email);
    await form.locator('[name=password]').fill(account.password);
    await form.getByRole('button', { name: 'Make an account' }).click();
    await this.page.waitForURL(`${this.url}${next}`);
    return account;
  }

  /** Calls the API as this person; throws when it is refused. */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { status, answer } = await this.page.evaluate(
      async ([verb, to, sent]) => {
        const response = await fetch(to, {
          method: verb,
          ...(sent === '' ? {} : { headers: { 'Content-Type': 'application/json' }, body: sent }),
        });
        return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
      },
      [method, path, body === undefined ? '' : JSON.stringify(body)] as const,
    );
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Makes a channel and a stream in it that goes live with its publisher. */
  async stream(
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<{ id: string; streamKey: string; channelId: string }> {
    const channel = await this.call('POST', '/api/channels', { name: 'The channel' });
    const channelId = String(channel['id']);
    const body = { channelId, title: 'The stream', autoStart: true, ...settings };
    const { id } = await this.call('POST', '/api/streams', body);
    const { streamKey } = await this.call('GET', `/api/streams/${String(id)}/key`);
    return { id: String(id), channelId, streamKey: String(streamKey) };
  }

  /** Waits until the picture moves. */
  async plays(): Promise<void> {
    await this.page.waitForFunction(
      () => (document.querySelector('video')?.currentTime ?? 0) > 0.5,
      undefined,
      {
        timeout: 20_000,
      },
    );
  }

  /** Says something in the chat. */
  async writes(text: string): Promise<void> {
    const input = this.page.getByRole('textbox', { name: 'Message' });
    await input.fill(text);
    await input.press('Enter');
  }
}

/** Waits until the first of these elements has the text. */
export async function shows(locator: Locator, text: string | RegExp): Promise<void> {
  await waitFor(
    `the page to show ${String(text)}`,
    async () => {
      const shown = (await locator.first().textContent({ timeout: 10_000 })) ?? '';
      return typeof text === 'string' ? shown.includes(text) : text.test(shown);
    },
    10_000,
    50,
  );
}
