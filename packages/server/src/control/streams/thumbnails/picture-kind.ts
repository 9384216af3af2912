/** Kinds of pictures that are taken. */
export type PictureKind = 'jpeg' | 'png' | 'webp';

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff);

/** What bytes are, by how they begin and not by what their sender says; undefined for anything that is not taken. */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  if (startsWith(bytes, PNG)) return 'png';
  if (startsWith(bytes, JPEG)) return 'jpeg';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  return text.startsWith('RIFF') && text.slice(8) === 'WEBP' ? 'webp' : undefined;
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length > magic.length && magic.every((byte, index) => bytes[index] === byte);
}
