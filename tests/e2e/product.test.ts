import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmtpSink } from '../../packages/server/src/control/accounts/testing/smtp-sink.ts';
import { BASE_FLAGS, CHROMIUM } from '../support/chromium.ts';
import { Product } from '../support/product.ts';
import { FfmpegPublisher, patternArgs } from '../support/publisher.ts';
import { waitFor } from '../support/wait-for.ts';

/** Texts that would run as scripts where text becomes markup. Names have room for 25 characters. */
const OWNER_NAME = '<svg/onload=__xss=1>';
const GUEST_NAME = '<img src onerror=__xss=1>';
const TITLE = '<img src=x onerror="window.__xss=1"> show';
const CHAT = [
  '<script>window.__xss=1</script>',
  '"><svg onload=window.__xss=1>',
  '<iframe srcdoc="<script>parent.__xss=1</script>"></iframe>',
  '<a href="javascript:window.__xss=1">here</a>',
];
const QUESTION = '</li><img src=x onerror=window.__xss=1>?';

/** One person at one browser, with all that went wrong on their pages. */
interface Seat {
  readonly context: BrowserContext;
  readonly pages: Page[];
  readonly trouble: string[];
}

/** The product as two people use it: every test goes on where the last one ended. */
describe('a broadcast with an audience, from the sign-up to the end', () => {
  let mail: SmtpSink;
  let product: Product;
  let browser: Browser;
  let publisher: FfmpegPublisher | undefined;
  let owner: Seat;
  let guest: Seat;
  let streams: Page;
  let stage: Page;
  let seat: Page;

  beforeAll(async () => {
    mail = await SmtpSink.start();
    [product, browser] = await Promise.all([
      Product.start({
        env: { LADDER: '144p:100k', SMTP_URL: mail.url, MAIL_FROM: 'live@example.org' },
      }),
      chromium.launch({ executablePath: CHROMIUM, args: [...BASE_FLAGS] }),
    ]);
    owner = await sitDown(browser);
    guest = await sitDown(browser);
  });

  afterAll(async () => {
    await browser?.close();
    await publisher?.stop('SIGKILL');
    await product?.stop();
    await mail?.close();
  });

  test('a person makes an account, then a stream', async () => {
    streams = await pageOf(owner);
    await streams.goto(`${product.server.url}/sign-in?next=/streams`);
    const form = streams.locator('.panel', { hasText: 'Password, at least' });
    await form.locator('[name=name]').fill(OWNER_NAME);
    await form.locator('[name=email]').fill('owner@example.org');
    await form.locator('[name=password]').fill('owner has a long password');
    await form.getByRole('button', { name: 'Make an account' }).click();
    await streams.waitForURL(`${product.server.url}/streams`);
    await shows(streams.locator('.who'), OWNER_NAME);
    await streams.locator('[name=title]').fill(TITLE);
    await streams.getByRole('button', { name: 'Make a stream' }).click();
    await shows(streams.locator('.own-streams a'), TITLE);
  });

  test('the studio is opened with the key, which is in no address', async () => {
    await streams.getByRole('button', { name: 'Open in studio' }).click();
    await streams.waitForURL(/\/studio\?stream=[0-9a-f-]{36}$/);
    expect(await streams.locator('#stream-key').inputValue()).toMatch(/^live_[\w-]{43}$/);
    await streams.goto(`${product.server.url}/streams`);
  });

  test('what waits for the stream plays as soon as an encoder uses the key that is shown', async () => {
    const path = (await streams.locator('.own-streams a').getAttribute('href')) ?? '';
    seat = await pageOf(guest);
    await seat.goto(product.server.url + path);
    await shows(seat.locator('.coming'), 'has not started yet');
    await streams.getByRole('button', { name: 'Show key' }).click();
    const [server, key] = [streams.locator('.secret code').nth(0), streams.locator('.secret code').nth(1)];
    publisher = FfmpegPublisher.start(
      patternArgs(`${await server.innerText()}/${await key.innerText()}`, {
        size: '320x180',
        bitrate: '300k',
        seconds: 300,
      }),
    );
    stage = await pageOf(owner);
    await stage.goto(product.server.url + path);
    for (const page of [seat, stage]) {
      await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 1, undefined, {
        timeout: 20_000,
      });
      await shows(page.locator('.latency'), 's behind live');
      await shows(page.locator('.about h1'), TITLE);
    }
    await shows(streams.locator('.status-word'), 'Live');
  });

  test('somebody comes in as a guest and chats; the owner sees it within a second', async () => {
    await seat.getByRole('link', { name: 'Sign in, or come in as a guest' }).click();
    const form = seat.locator('.panel', { hasText: 'Just chat' });
    await form.locator('[name=name]').fill(GUEST_NAME);
    await form.getByRole('button', { name: 'Come in as a guest' }).click();
    await writes(seat, 'Hello from the guest');
    await stage
      .locator('.chat-list .chat-message', { hasText: 'Hello from the guest' })
      .waitFor({ timeout: 1000 });
    await shows(stage.locator('.chat-list b').first(), GUEST_NAME);
    for (const text of CHAT) {
      await writes(stage, text);
      await shows(seat.locator('.chat-list'), text);
    }
    await shows(seat.locator('.chat-list'), OWNER_NAME);
    expect(await seat.locator('.chat-badge').first().innerText()).toBe('MOD');
  });

  test('both are counted', async () => {
    for (const page of [stage, seat]) await shows(page.locator('.viewer-count'), '2 viewers');
  });

  test('the owner pins a message and deletes it', async () => {
    const line = stage.locator('.chat-list .chat-message', { hasText: 'Hello from the guest' });
    const choose = async (action: string): Promise<void> => {
      await line.getByRole('button', { name: 'Actions' }).click();
      await stage.getByRole('menuitem', { name: action }).click();
    };
    await choose('Pin');
    await shows(seat.locator('.chat-pinned'), 'Hello from the guest');
    await choose('Delete');
    for (const page of [stage, seat]) {
      await page.locator('.chat-pinned').waitFor({ state: 'hidden' });
      await page
        .locator('.chat-list .chat-message', { hasText: 'Hello from the guest' })
        .waitFor({ state: 'detached' });
    }
  });

  test('who reads further up is not moved by new messages', async () => {
    const list = seat.locator('.chat-list');
    const position = (): Promise<number> => list.evaluate((node) => node.scrollTop);
    // A few lines are more than fit; the end stays in sight.
    await list.evaluate((node) => {
      node.style.maxBlockSize = '60px';
    });
    await waitFor('the end to be in sight', async () => (await position()) > 0);
    await list.evaluate((node) => {
      node.scrollTop = 0;
    });
    await writes(stage, 'One more');
    const more = seat.getByRole('button', { name: '1 new message' });
    await more.waitFor();
    expect(await position()).toBe(0);
    await more.click();
    await more.waitFor({ state: 'hidden' });
    expect(await position()).toBeGreaterThan(0);
  });

  test('a reaction floats over the other’s picture', async () => {
    await seat.locator('.reactions button').first().click();
    await stage.locator('.floating span').first().waitFor({ state: 'attached' });
  });

  test('a question is asked, voted for and answered', async () => {
    await seat.getByRole('textbox', { name: 'Question' }).fill(QUESTION);
    await seat.getByRole('button', { name: 'Ask' }).click();
    await shows(stage.locator('.questions li'), QUESTION);
    await stage.getByRole('button', { name: 'Vote for it' }).click();
    await shows(seat.locator('.questions li'), '▲ 1');
    await stage.getByRole('button', { name: 'Answered' }).click();
    await shows(seat.locator('.questions li'), 'ANSWERED');
  });

  test('the owner ends it, and both pages say so', async () => {
    await streams.getByRole('button', { name: 'End', exact: true }).click();
    await streams.getByRole('button', { name: 'End stream' }).click();
    for (const page of [stage, seat]) {
      await shows(page.locator('.notice'), 'This stream has ended.');
      await shows(page.locator('.chat'), 'Chat has ended.');
    }
    await shows(streams.locator('.status-word'), 'Ended');
  });

  test('a forgotten password is set anew with the link of a letter, once', async () => {
    const page = await pageOf(guest);
    await page.goto(`${product.server.url}/sign-in`);
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.locator('[name=email]').fill('owner@example.org');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await shows(page.locator('h1'), 'Look into your mail');
    const link = await waitFor('the letter', () =>
      mail.letters.map((letter) => /\/reset-password\?token=\S+/.exec(letter)?.[0]).find((found) => found),
    );
    const setTo = async (password: string): Promise<void> => {
      await page.goto(product.server.url + link);
      await page.locator('[name=newPassword]').fill(password);
      expect(page.url()).not.toContain('token');
      await page.getByRole('button', { name: 'Set the password' }).click();
    };
    await setTo('quite another password');
    await shows(page.locator('h1'), 'Your password is set');
    await setTo('a third one of them');
    await shows(page.locator('.warning'), 'This link was used already, or is too old.');
    await page.goto(`${product.server.url}/sign-in?next=/streams`);
    const form = page.locator('.panel', { hasText: 'Forgot your password?' });
    await form.locator('[name=email]').fill('owner@example.org');
    await form.locator('[name=password]').fill('quite another password');
    await form.getByRole('button', { name: 'Sign in', exact: true }).click();
    await shows(page.locator('.own-streams a'), TITLE);
  });

  test('nothing that was typed became a script', async () => {
    for (const { pages, trouble } of [owner, guest]) {
      expect(trouble).toEqual([]);
      for (const page of pages) expect(await page.evaluate(() => '__xss' in window)).toBe(false);
    }
  });
});

async function sitDown(browser: Browser): Promise<Seat> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(10_000);
  const trouble: string[] = [];
  await context.exposeFunction('tellTrouble', (text: string) => trouble.push(text));
  await context.addInitScript(() => {
    const { tellTrouble } = window as unknown as { tellTrouble: (text: string) => void };
    addEventListener('securitypolicyviolation', (event) => {
      tellTrouble(`${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  return { context, pages: [], trouble };
}

async function pageOf({ context, pages, trouble }: Seat): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => trouble.push(error.message));
  pages.push(page);
  return page;
}

/** Waits until the first of these elements has the text. */
async function shows(locator: Locator, text: string): Promise<void> {
  await waitFor(
    `the page to show ${text}`,
    async () => ((await locator.first().textContent({ timeout: 10_000 })) ?? '').includes(text),
    10_000,
    50,
  );
}

async function writes(page: Page, text: string): Promise<void> {
  const input = page.getByRole('textbox', { name: 'Message' });
  await input.fill(text);
  await input.press('Enter');
}
