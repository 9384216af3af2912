const MAX_LINE = 500;

/**
 * A line of the native library made fit for the server's log: no ICE passwords, which libjuice writes when a check fails, and no
 * session descriptions. Undefined for an empty line.
 */
export function nativeLogLine(text: string): { readonly line: string } | undefined {
  const [first = ''] = text.split(/\r?\n/);
  const line = first
    .replaceAll(/(password|pwd)(\s*[=:]\s*)("[^"]*"|\S+)/gi, '$1$2…')
    .slice(0, MAX_LINE)
    .trim();
  return line === '' ? undefined : { line };
}
