import { readFile, readlink } from 'node:fs/promises';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BYSTANDER_CLIP, Bystander } from '../support/bystander.ts';
import { Canary } from '../support/canary.ts';
import { makeClip } from '../support/clip.ts';
import { FlvSource, isConfiguration } from '../support/flv-source.ts';
import { httpGet } from '../support/http-client.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { errorLines } from '../support/log-levels.ts';
import { descendants, ffmpegsBelow, processWords } from '../support/process-tree.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

const MASTER_KEY = Buffer.alloc(32, 'master key of a test').toString('base64');
/** In everything that the hostile publisher says. */
const MARK = 'zz-injected';

let server: Tallylight;
let canary: Canary;

beforeAll(async () => {
  canary = await Canary.start();
  server = await Tallylight.start({
    env: {
      ...QUICK_ENV,
      LADDER: '144p:100k',
      RTMP_KEY_FAILURES_PER_MINUTE: '1000',
      TALLYLIGHT_MASTER_KEY: MASTER_KEY,
    },
  });
});

afterAll(async () => {
  await server.stop();
  await canary.close();
});

/** Texts that a shell or FFmpeg's own option parser would act on. */
function injections(): string[] {
  const touch = `touch ${canary.forbiddenFile}`;
  return [
    `$(${touch})${MARK}`,
    `\`${touch}\`${MARK}`,
    `;${touch};${MARK}`,
    `|${touch}|${MARK}`,
    `\n${touch}\n${MARK}`,
    `' ; ${touch} ; '${MARK}`,
    `" -y ${canary.forbiddenFile} "${MARK}`,
    `-i ${canary.secretFile} ${MARK}`,
    `-f lavfi -i movie=${canary.secretFile} ${MARK}`,
    `%s%n${MARK}`,
    `${MARK}\0-report`,
  ];
}

/** The FFmpegs that serve the server's streams now, once there are `count`. */
function encoders(count: number): Promise<number[]> {
  return waitFor('FFmpeg', () => {
    const pids = ffmpegsBelow(server.pid);
    return pids.length >= count && pids;
  });
}

describe('security 7: shell and argument injection', () => {
  test('nothing that a publisher says, and no key, is in the arguments or environment of any child', async () => {
    const key = await server.addKey('hostile');
    const words = new Set<string>();
    const watching = new AbortController();
    const watch = (async () => {
      while (!watching.signal.aborted) {
        for (const { pid } of descendants(server.pid)) {
          try {
            for (const word of [...processWords(pid, 'cmdline'), ...processWords(pid, 'environ')])
              words.add(word);
          } catch {
            // It ended between the two looks.
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    for (const text of injections()) {
      await expect(RtmpPublisher.publish({ port: server.rtmpPort, key: text })).rejects.toThrow('NetStream');
      await expect(RtmpPublisher.publish({ port: server.rtmpPort, key: 'x', app: text })).rejects.toThrow(
        'Net',
      );
    }
    const source = await FlvSource.start({
      port: server.rtmpPort,
      key: `${key}?${MARK}=${encodeURIComponent(injections()[0] ?? '')}`,
      files: [await makeClip(BYSTANDER_CLIP)],
    });
    for (const text of injections())
      source.publisher.sendMetadata({
        encoder: text,
        title: text,
        videocodecid: text,
        audiocodecid: text,
        framerate: text,
        width: text,
        [text]: text,
      });
    await encoders(1);
    await waitFor('a rung', async () => {
      const answer = await httpGet(server.playlistUrl('hostile'));
      return answer.body.toString().includes('144p');
    });
    watching.abort();
    await watch;
    await source.stop();
    const said = [...words].join('\n');
    // The arguments of FFmpeg were among what was seen.
    expect(said).toContain('pipe:');
    for (const secret of [MARK, key, key.slice(5), MASTER_KEY, canary.folder])
      expect(said).not.toContain(secret);
    expect(said).not.toMatch(/^(?:sh|bash|\/bin\/sh|-c)$/m);
    expect(server.output).not.toContain(key);
    expect(await canary.complaints()).toEqual([]);
  });
});

describe('security 9: FFmpeg touches no file and no socket', () => {
  test('it has no network and no file but its program’s own', async () => {
    const bystander = await Bystander.start(server);
    const [pid = 0] = await encoders(1);
    const own = await readlink(`/proc/${pid}/ns/net`);
    expect(own).not.toBe(await readlink(`/proc/${server.pid}/ns/net`));
    // Not even a loopback interface that is up; these are the namespace's, not ours.
    for (const family of ['tcp', 'udp', 'tcp6', 'udp6']) {
      const table = await readFile(`/proc/${pid}/net/${family}`, 'utf8').catch(() => 'header');
      expect(table.trim().split('\n')).toHaveLength(1);
    }
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max file size +0 +0 /m);
    expect(limits).toMatch(/^Max open files +256 +256 /m);
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(await bystander.leave()).toEqual([]);
  });

  test('media that is really a playlist opens nothing', async () => {
    const bystander = await Bystander.start(server, 'watcher');
    const key = await server.addKey('impostor');
    const texts = [
      `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${canary.url}\n#EXTINF:2,\nfile://${canary.secretFile}\n`,
      `ffconcat version 1.0\nfile '${canary.secretFile}'\nfile '${canary.url}'\n`,
      `<?xml version="1.0"?><MPD><Period><BaseURL>${canary.url}</BaseURL></Period></MPD>`,
      `<playlist>${canary.url}</playlist>`,
      `RIFF\0\0\0\0AVI LIST GAB2 #EXTM3U\n#EXTINF:1,\nconcat:${canary.url}|file://${canary.secretFile}`,
    ].map((text) => Buffer.from(text));
    const files = [await makeClip(BYSTANDER_CLIP)];
    let count = 0;
    for (const disguise of ['payload', 'tag', 'first']) {
      const source = await FlvSource.start({
        port: server.rtmpPort,
        key,
        files,
        edit: (tag) => {
          if (tag.type !== 'video' || isConfiguration(tag)) return tag;
          const text = texts[count++ % texts.length] ?? Buffer.alloc(0);
          if (disguise === 'tag') return { ...tag, body: Buffer.concat([tag.body.subarray(0, 5), text]) };
          if (disguise === 'payload' && tag.body[0] === 0x27) return { ...tag, body: asNal(tag.body, text) };
          return disguise === 'first' && count < 20 ? { ...tag, body: text } : tag;
        },
      });
      await new Promise((resolve) => setTimeout(resolve, 700));
      source.kill();
    }
    expect(await canary.complaints()).toEqual([]);
    expect(await bystander.leave()).toEqual([]);
    expect(errorLines(server)).toEqual([]);
  });
});

/** The tag with the text as the only slice of its picture, so that it reaches the decoder. */
function asNal(body: Uint8Array, text: Buffer): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length + 1);
  head[4] = 0x41;
  return Buffer.concat([body.subarray(0, 5), head, text]);
}
