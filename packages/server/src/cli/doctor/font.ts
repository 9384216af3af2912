import { findFont } from '../../test-card/font.ts';
import { type Finding, note, ok } from './finding.ts';

/** Whether the test card can write its clock for people. */
export async function checkFont(): Promise<readonly Finding[]> {
  const path = await findFont();
  if (path !== undefined) return [ok('font', path)];
  return [
    note(
      'font',
      'none found',
      'the test card has no readable clock without one (Debian: apt-get install fonts-dejavu-core)',
    ),
  ];
}
