/** Takes the value of `a=fmtp` apart: names in lower case, an empty value for a name alone. The first of two equal names counts. */
export function readFormatParameters(text: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const piece of (text ?? '').split(';')) {
    const equals = piece.indexOf('=');
    const name = (equals < 0 ? piece : piece.slice(0, equals)).trim().toLowerCase();
    if (name === '' || parameters.has(name)) continue;
    parameters.set(name, equals < 0 ? '' : piece.slice(equals + 1).trim());
  }
  return parameters;
}

/** The value of `a=fmtp`, in the order of the map. */
export function writeFormatParameters(parameters: ReadonlyMap<string, string>): string {
  return [...parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
}
