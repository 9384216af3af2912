import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Canary } from '../support/canary.ts';
import { FileTrace } from '../support/file-trace.ts';
import { LiveStream } from '../support/live-stream.ts';
import { RawHttp } from '../support/raw-http.ts';

/** In every path that an attacker names, so that it is found in a trace of the server's system calls. */
const MARK = 'zz-traversal';
const BIN = join(import.meta.dirname, '../../packages/server/bin/tallylight.mjs');

/** Ways out of a folder, as they have worked elsewhere. */
function waysOut(target: string): string[] {
  const name = target.replace(/^\//, '');
  return [
    target,
    ...[
      '../',
      '..%2f',
      '%2e%2e/',
      '%2e%2e%2f',
      '%252e%252e%252f',
      '..\\',
      '..%5c',
      '..%c0%af',
      '..;/',
      '....//',
      './../',
    ].map((up) => `${up.repeat(8)}${name}`),
    `\u2025/${name}`,
    `\uff0e\uff0e/${name}`,
    `${MARK}\0/../../${name}`,
    `${MARK}%00/../..${name}`,
    `file://${target}`,
    `${MARK}${'x'.repeat(4096)}`,
    `${MARK}/${'../'.repeat(20)}${name}`,
  ];
}

describe('security 6: names that lead out of a folder', () => {
  let stream: LiveStream;
  let canary: Canary;

  beforeAll(async () => {
    stream = await LiveStream.start({
      env: { RTMP_KEY_FAILURES_PER_MINUTE: '10000', RTMP_MAX_PENDING_PER_ADDRESS: '200' },
    });
    canary = await Canary.start();
  });

  afterAll(async () => {
    await stream.close();
    await canary.close();
  });

  test('over HTTP and RTMP none is ever named to the file system', async () => {
    const { server } = stream;
    const trace = await FileTrace.of(server.pid);
    const targets = [canary.secretFile, `/tmp/${MARK}`];
    const names = targets.flatMap(waysOut);
    const statuses = new Set<number | undefined>();
    for (const name of names) {
      for (const path of [
        `/${name}`,
        `/hls/${name}`,
        `/hls/${name}/index.m3u8`,
        `/hls/studio/${name}`,
        `/hls/studio/${name}/index.m3u8`,
        `/hls/studio/source/${name}`,
        `/hls/t/${name}/studio/index.m3u8`,
        `/assets/${name}`,
      ]) {
        const client = new RawHttp(server.httpPort);
        // A space, CR or NUL in the target would end the request line: those are for the server's parser to refuse.
        const answer = await client.get(Buffer.from(path).toString('latin1'));
        statuses.add(answer?.status);
        expect(answer?.body.toString() ?? '', path).not.toMatch(/canary sings/);
        client.socket.destroy();
      }
    }
    expect([...statuses].filter((status) => ![400, 404, 414].includes(status ?? 0))).toEqual([]);
    for (const name of names) {
      const peer = await RtmpPublisher.open({ port: server.rtmpPort });
      await peer.shakeHands();
      const answer = await peer.connect(name).catch(() => undefined);
      expect(answer?.level ?? 'error').toBe('error');
      peer.destroy();
      await expect(RtmpPublisher.publish({ port: server.rtmpPort, key: name })).rejects.toThrow(
        /^Net|closed/,
      );
    }
    const calls = await trace?.stop();
    if (calls === undefined) console.warn('no strace here: only the canary was looked at');
    // Its own files must show up, or the trace is worth nothing.
    else expect(calls.join('\n')).toContain(server.dataDir);
    const outside = calls?.filter((line) => line.includes(MARK) || line.includes(canary.folder));
    expect(outside ?? []).toEqual([]);
    expect(await canary.complaints()).toEqual([]);
  });

  test('no stream can be named so that its files would lie elsewhere', async () => {
    const { server } = stream;
    const env = { ...process.env, DATA_DIR: server.dataDir };
    for (const name of ['..', `../${MARK}`, '/etc', '%2e%2e', 't'])
      await expect(
        promisify(execFile)(process.execPath, [BIN, 'key', 'add', name], { env }),
        name,
      ).rejects.toThrow();
    const above = await readdir(join(server.dataDir, '..'));
    expect(above.filter((name) => name.includes(MARK))).toEqual([]);
  });
});
