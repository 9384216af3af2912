const colours: Readonly<Record<string, string>> = {
  debug: '\u001b[90m',
  info: '\u001b[36m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
};
const grey = '\u001b[90m';
const plain = '\u001b[0m';

/** Turns one JSON line of the log into one coloured line of words: time, level, event, `name=value` fields. */
export function formatPretty(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const label = String(level);
  const clock = String(time).slice(11, 23);
  const rest = Object.entries(fields)
    .map(([name, value]) => ` ${grey}${name}=${plain}${fieldText(value)}`)
    .join('');
  return `${grey}${clock}${plain} ${colours[label] ?? ''}${label.padEnd(5)}${plain} ${withoutControls(String(msg))}${rest}\n`;
}

function fieldText(value: unknown): string {
  if (isError(value))
    return `${withoutControls(`${value.type}: ${value.message}`)}${value.stack === undefined ? '' : `\n${value.stack}`}`;
  const text = typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return withoutControls(text);
}

function isError(value: unknown): value is { type: string; message: string; stack?: string } {
  return typeof value === 'object' && value !== null && 'message' in value && 'type' in value;
}

/** Terminal escapes and line breaks from untrusted text must not reach the terminal. */
function withoutControls(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
