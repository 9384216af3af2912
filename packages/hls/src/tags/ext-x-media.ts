import { AttributeList, writeQuoted } from '../attribute-list.ts';
import type { AlternativeRendition } from '../multivariant-playlist.ts';
import { PlaylistError, quoteForMessage } from '../playlist-error.ts';

/** EXT-X-MEDIA (rfc8216bis §4.4.6.1). */
export function writeExtXMedia(rendition: AlternativeRendition): string {
  let line = `#EXT-X-MEDIA:TYPE=${rendition.type},GROUP-ID=${writeQuoted(rendition.groupId)}`;
  line += `,NAME=${writeQuoted(rendition.name)}`;
  if (rendition.language !== undefined) line += `,LANGUAGE=${writeQuoted(rendition.language)}`;
  if (rendition.isDefault) line += ',DEFAULT=YES';
  // §4.4.6.1: AUTOSELECT, if present, MUST be YES when DEFAULT is.
  if (rendition.autoselect || rendition.isDefault) line += ',AUTOSELECT=YES';
  if (rendition.channels !== undefined) line += `,CHANNELS=${writeQuoted(rendition.channels)}`;
  if (rendition.uri !== undefined) line += `,URI=${writeQuoted(rendition.uri)}`;
  return line;
}

/** Reads the attributes of an EXT-X-MEDIA. Throws PlaylistError. */
export function parseExtXMedia(value: string): AlternativeRendition {
  const attributes = new AttributeList(value);
  const language = attributes.quoted('LANGUAGE');
  const channels = attributes.quoted('CHANNELS');
  const uri = attributes.quoted('URI');
  return {
    type: parseType(attributes.bare('TYPE')),
    groupId: attributes.requiredQuoted('GROUP-ID'),
    name: attributes.requiredQuoted('NAME'),
    ...(language === undefined ? {} : { language }),
    isDefault: attributes.isYes('DEFAULT'),
    autoselect: attributes.isYes('AUTOSELECT'),
    ...(channels === undefined ? {} : { channels }),
    ...(uri === undefined ? {} : { uri }),
  };
}

function parseType(text: string | undefined): AlternativeRendition['type'] {
  switch (text) {
    case 'AUDIO':
    case 'VIDEO':
    case 'SUBTITLES':
    case 'CLOSED-CAPTIONS':
      return text;
    default:
      throw new PlaylistError(`unknown TYPE: ${quoteForMessage(text ?? '')}`);
  }
}
