/** A playlist that breaks the syntax of rfc8216bis §4. The message names the offending value, and the line when it is known. */
export class PlaylistError extends Error {
  override readonly name = 'PlaylistError';
  /** Line of the playlist, counted from 1; undefined when the text was not read line by line. */
  readonly line: number | undefined;
  /** The message without the line number. */
  readonly reason: string;

  constructor(reason: string, line?: number) {
    super(line === undefined ? reason : `line ${line}: ${reason}`);
    this.reason = reason;
    this.line = line;
  }
}

/** Shortens a foreign value so that it can be quoted in a message: at most 80 characters, control characters escaped. */
export function quoteForMessage(value: string): string {
  const cut = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return JSON.stringify(cut);
}
