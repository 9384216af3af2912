let next = 0;

/** Another address of loopback each time, for tests that must not meet a limit per address. */
export function anotherAddress(): string {
  next = (next + 1) % 60_000;
  return `127.7.${next >> 8}.${next & 0xff || 255}`;
}
