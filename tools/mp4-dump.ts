/** Prints the box tree of an MP4 file, init section, segment or part: `npx node tools/mp4-dump.ts <file>|-`. */
import { readFileSync } from 'node:fs';
import { dumpBoxes } from '@tallylight/media/isobmff/dump.ts';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: npx node tools/mp4-dump.ts <file>|-\n');
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(dumpBoxes(readFileSync(path === '-' ? 0 : path), { maxBoxes: 1_000_000 }));
  } catch (error) {
    process.stderr.write(`${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
