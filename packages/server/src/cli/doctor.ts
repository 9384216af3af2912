import { loadConfig } from '../config/config.ts';
import type { Command } from './command.ts';
import { checkDatabase } from './doctor/database.ts';
import { checkDisk } from './doctor/disk.ts';
import { checkFfmpeg } from './doctor/ffmpeg.ts';
import type { Finding } from './doctor/finding.ts';
import { checkFont } from './doctor/font.ts';
import { checkNode } from './doctor/node-version.ts';
import { checkPorts } from './doctor/ports.ts';

const marks = { ok: 'ok  ', note: 'note', failure: 'FAIL' } as const;

/** `tallylight doctor`: looks at everything the server leans on, and says how to mend what is wrong. */
export const doctorCommand: Command = {
  usage: '[--setting value …]',
  description: 'Check FFmpeg, ports, disk, fonts and the database, and say how to mend each',
  async run(argv) {
    const config = loadConfig(argv, process.env);
    const checks = await Promise.all([
      checkFfmpeg(config.transcode),
      checkPorts(config),
      checkDisk(config.dataDir),
      checkFont(),
      checkDatabase(config),
    ]);
    const findings = [...checkNode(), ...checks.flat()];
    for (const finding of findings) console.log(line(finding));
    const failures = findings.filter(({ outcome }) => outcome === 'failure').length;
    console.log(failures === 0 ? '\nReady.' : `\n${failures} to mend.`);
    return failures === 0 ? 0 : 1;
  },
};

function line({ subject, outcome, found, mend }: Finding): string {
  const advice = mend === undefined ? '' : `\n      ${mend}`;
  return `${marks[outcome]}  ${subject}: ${found}${advice}`;
}
