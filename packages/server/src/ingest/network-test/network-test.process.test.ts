import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tallylight } from '../../../../../tests/support/tallylight.ts';
import { PublishingBrowser } from '../../rtc-worker/testing/publishing-browser.ts';

describe('The network test in a browser', () => {
  let server: Tallylight;
  let browser: PublishingBrowser;

  beforeAll(async () => {
    browser = await PublishingBrowser.open();
    server = await Tallylight.start({ env: { LADDER: 'off', PUBLIC_IP: '127.0.0.1' } });
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test('UDP reaches the server and comes back, through a data channel that echoes', async () => {
    const page = await browser.newPage();
    const echoes = await page.evaluate(async (url) => {
      const connection = new RTCPeerConnection();
      const channel = connection.createDataChannel('probe');
      await connection.setLocalDescription();
      const answer = await fetch(`${url}/api/network-test/probe`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: connection.localDescription?.sdp ?? '',
      });
      if (answer.status !== 201) return [String(answer.status), await answer.text()];
      await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
      const heard: string[] = [];
      await new Promise<void>((resolve) => {
        channel.addEventListener('open', () => ['one', 'two', 'three'].forEach((word) => channel.send(word)));
        channel.addEventListener('message', ({ data }) => {
          if (heard.push(String(data)) === 3) resolve();
        });
        setTimeout(resolve, 8000);
      });
      connection.close();
      return heard;
    }, server.url);
    expect(echoes).toEqual(['one', 'two', 'three']);
    await page.close();
  });

  test('it is told what the server knows, and 4 MiB of upload are counted', async () => {
    const page = await browser.newPage();
    const [facts, upload] = await page.evaluate(async (url) => {
      const facts: unknown = await (await fetch(`${url}/api/network-test`)).json();
      const body = new Uint8Array(4 << 20);
      const answer = await fetch(`${url}/api/network-test/upload`, { method: 'POST', body });
      return [facts, (await answer.json()) as { bytes: number; ms: number }] as const;
    }, server.url);
    expect(facts).toEqual({
      udpPort: server.rtcPort,
      addresses: ['127.0.0.1'],
      stunConfigured: false,
      turnConfigured: false,
    });
    expect(upload.bytes).toBe(4 << 20);
    expect(upload.ms).toBeGreaterThan(0);
    await page.close();
  });
});
