/** Bytes `first` to `last`, both included. */
export interface ByteSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header against a body of `sizeBytes` (RFC 9110 §14.1.2): closed `bytes=0-9`, open `bytes=10-`, suffix
 * `bytes=-10`. Undefined: answer with the whole body, because the header is not one plain byte range (§14.2 lets a server
 * ignore it, and a list of ranges is what attackers send). `'unsatisfiable'`: answer 416.
 */
export function parseRange(header: string, sizeBytes: number): ByteSpan | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header);
  const from = match?.[1];
  const to = match?.[2];
  if (from === undefined || to === undefined) return undefined;
  if (from === '') {
    if (to === '') return undefined;
    const suffix = Number(to);
    if (suffix === 0 || sizeBytes === 0) return 'unsatisfiable';
    return { first: Math.max(0, sizeBytes - suffix), last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= sizeBytes ? 'unsatisfiable' : { first, last };
}

/** The pieces of a list of buffers that a span covers; no bytes are copied. */
export function slicePieces(pieces: readonly Uint8Array[], span: ByteSpan): readonly Uint8Array[] {
  const cut: Uint8Array[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const from = Math.max(0, span.first - offset);
    const to = Math.min(piece.length, span.last + 1 - offset);
    if (from < to) cut.push(from === 0 && to === piece.length ? piece : piece.subarray(from, to));
    offset += piece.length;
  }
  return cut;
}
