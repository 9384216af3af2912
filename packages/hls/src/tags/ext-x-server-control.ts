import { AttributeList } from '../attribute-list.ts';
import { writeDecimalUp } from '../decimal.ts';
import type { ServerControl } from '../media-playlist.ts';

/** EXT-X-SERVER-CONTROL (rfc8216bis §4.4.3.8); undefined when it would say nothing. */
export function writeExtXServerControl(control: ServerControl): string | undefined {
  const attributes: string[] = [];
  if (control.canBlockReload) attributes.push('CAN-BLOCK-RELOAD=YES');
  if (control.canSkipUntilSec !== undefined) {
    attributes.push(`CAN-SKIP-UNTIL=${writeDecimalUp(control.canSkipUntilSec)}`);
  }
  if (control.canSkipDateRanges === true) attributes.push('CAN-SKIP-DATERANGES=YES');
  if (control.holdBackSec !== undefined) attributes.push(`HOLD-BACK=${writeDecimalUp(control.holdBackSec)}`);
  if (control.partHoldBackSec !== undefined) {
    attributes.push(`PART-HOLD-BACK=${writeDecimalUp(control.partHoldBackSec)}`);
  }
  return attributes.length === 0 ? undefined : `#EXT-X-SERVER-CONTROL:${attributes.join(',')}`;
}

/** Reads the attributes of an EXT-X-SERVER-CONTROL. Throws PlaylistError. */
export function parseExtXServerControl(value: string): ServerControl {
  const attributes = new AttributeList(value);
  const canSkipUntilSec = attributes.decimal('CAN-SKIP-UNTIL');
  const holdBackSec = attributes.decimal('HOLD-BACK');
  const partHoldBackSec = attributes.decimal('PART-HOLD-BACK');
  return {
    canBlockReload: attributes.isYes('CAN-BLOCK-RELOAD'),
    ...(canSkipUntilSec === undefined ? {} : { canSkipUntilSec }),
    ...(attributes.isYes('CAN-SKIP-DATERANGES') ? { canSkipDateRanges: true } : {}),
    ...(holdBackSec === undefined ? {} : { holdBackSec }),
    ...(partHoldBackSec === undefined ? {} : { partHoldBackSec }),
  };
}
