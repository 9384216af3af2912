/** The key file cannot be used, or refuses what it was asked; the message says why and names the file. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}
