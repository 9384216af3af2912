import { AttributeList, writeQuoted } from '../attribute-list.ts';
import type { RenditionReport } from '../media-playlist.ts';

/** EXT-X-RENDITION-REPORT (rfc8216bis §4.4.5.4). */
export function writeExtXRenditionReport(report: RenditionReport): string {
  const part = report.lastPart === undefined ? '' : `,LAST-PART=${report.lastPart}`;
  return `#EXT-X-RENDITION-REPORT:URI=${writeQuoted(report.uri)},LAST-MSN=${report.lastMsn}${part}`;
}

/** Reads the attributes of an EXT-X-RENDITION-REPORT. Throws PlaylistError. */
export function parseExtXRenditionReport(value: string): RenditionReport {
  const attributes = new AttributeList(value);
  const lastPart = attributes.integer('LAST-PART');
  return {
    uri: attributes.requiredQuoted('URI'),
    lastMsn: attributes.requiredInteger('LAST-MSN'),
    ...(lastPart === undefined ? {} : { lastPart }),
  };
}
