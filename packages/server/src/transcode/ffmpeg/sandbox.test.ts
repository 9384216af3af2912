import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../testing/recorder.ts';
import { confine, DEFAULT_SANDBOX_LIMITS, NO_SANDBOX, probeSandbox } from './sandbox.ts';

describe('confine', () => {
  test('chains the tools that there are, the death signal last', () => {
    const command = { file: 'ffmpeg', args: ['-i', 'pipe:0'] };
    const all = confine(command, { limits: true, network: 'as-user', deathSignal: true });
    expect([all.file, ...all.args].join(' ')).toBe(
      'prlimit --nofile=256 --fsize=0 --core=0 --as=2147483648 -- unshare --user --map-current-user --net -- ' +
        'setpriv --pdeathsig KILL --no-new-privs -- ffmpeg -i pipe:0',
    );
    expect(confine(command, NO_SANDBOX)).toEqual(command);
    expect(
      confine(
        command,
        { limits: true, deathSignal: false },
        { ...DEFAULT_SANDBOX_LIMITS, maxAddressSpaceBytes: 0 },
      ).args,
    ).not.toContain('--as=0');
  });

  test('a confined child dies with a parent that is killed with SIGKILL', async () => {
    const sandbox = await probeSandbox();
    if (!sandbox.deathSignal) return;
    const command = confine({ file: 'sleep', args: ['30'] }, sandbox);
    const script = `const c = require('node:child_process').spawn(${JSON.stringify(command.file)}, ${JSON.stringify(command.args)});
      console.log(c.pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let pid = 0;
    parent.stdout.once('data', (text: Buffer) => {
      pid = Number(text.toString());
    });
    await until('the child has become sleep', () => pid > 0 && nameOf(pid) === 'sleep');
    parent.kill('SIGKILL');
    await until('the child is gone', () => nameOf(pid) !== 'sleep');
  });
});

function nameOf(pid: number): string | undefined {
  try {
    return /^Name:\s+(\S+)[^]*?^State:\s+([^Z])/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}
