import { describe, expect, test } from 'vitest';
import { ChildProcess, ChildProcesses } from './child-process.ts';

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const piece of stream) text += String(piece);
  return text;
}

describe('ChildProcess', () => {
  test('arguments reach the program without a shell', async () => {
    const child = new ChildProcess({ file: 'printf', args: ['%s', '$(id) `id` | cat'] });
    child.stderr.resume();
    expect(await read(child.stdout)).toBe('$(id) `id` | cat');
    expect(await child.exited).toEqual({ code: 0 });
  });

  test('sees only the environment it was allowed', async () => {
    const child = new ChildProcess({ file: '/usr/bin/env', args: [], environment: ['PATH'] });
    child.stderr.resume();
    expect(await read(child.stdout)).toBe(`PATH=${process.env['PATH']}\n`);
  });

  test('tells the signal that ended it', async () => {
    const child = new ChildProcess({ file: 'sleep', args: ['60'], nice: 5 });
    child.stdout.resume();
    child.stderr.resume();
    child.kill();
    expect(await child.exited).toEqual({ signal: 'SIGKILL' });
    child.kill();
  });

  test('tells why a program could not be started', async () => {
    const child = new ChildProcess({ file: '/nowhere/at/all', args: [] });
    expect((await child.exited).startError?.message).toContain('ENOENT');
    expect(child.pid).toBeUndefined();
  });

  test('gives what a child wrote to further descriptors', async () => {
    const child = new ChildProcess({
      file: '/bin/sh',
      args: ['-c', 'echo four >&4; echo three >&3'],
      extraOutputs: 2,
    });
    child.stdout.resume();
    child.stderr.resume();
    const [three, four] = child.extraOutputs.map(read);
    expect(await three).toBe('three\n');
    expect(await four).toBe('four\n');
  });
});

describe('ChildProcesses', () => {
  test('bounds their number and kills all when it closes', async () => {
    const children = new ChildProcesses({ maxChildren: 1 });
    const child = children.spawn({ file: 'sleep', args: ['60'] });
    child.stdout.resume();
    child.stderr.resume();
    expect(() => children.spawn({ file: 'sleep', args: ['60'] })).toThrow('1 children run already');
    await children.close();
    expect(await child.exited).toEqual({ signal: 'SIGKILL' });
    expect(children.count).toBe(0);
    expect(() => children.spawn({ file: 'sleep', args: ['60'] })).toThrow('stopping');
  });
});
