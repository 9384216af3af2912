/** One upload that was answered. */
export interface UploadPiece {
  readonly sizeBytes: number;
  /** From the request to its answer, in ms. */
  readonly elapsedMs: number;
}

/** The first piece, small: what it takes is mostly the round trip. */
const FIRST_BYTES = 1_024;
const SECOND_BYTES = 64 * 1024;
/** The server takes no more at once. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A piece that takes less is followed by a larger one. */
const WANTED_PIECE_MS = 400;
/** No piece begins later than this. */
const TEST_MS = 3_000;
const PIECE_TIMEOUT_MS = 10_000;
/** `crypto.getRandomValues` gives no more at once (Web Cryptography §10.1.1). */
const RANDOM_BYTES = 65_536;

/** The size of the next piece: doubled, or more, until a piece takes long enough to be measured well. */
export function nextPieceBytes(pieces: readonly UploadPiece[]): number {
  const last = pieces.at(-1);
  if (last === undefined) {
    return FIRST_BYTES;
  }
  if (pieces.length === 1) {
    return SECOND_BYTES;
  }
  if (last.elapsedMs >= WANTED_PIECE_MS) {
    return last.sizeBytes;
  }
  const factor = last.elapsedMs < WANTED_PIECE_MS / 8 ? 4 : 2;
  return Math.min(MAX_BYTES, last.sizeBytes * factor);
}

/**
 * Bits per second of the upload. TCP begins slowly and a request has its round trip, so only the later half of the pieces counts,
 * less the time that the first, tiny one took. Undefined with fewer than two pieces besides it.
 */
export function estimateUploadBps(pieces: readonly UploadPiece[]): number | undefined {
  const [first, ...rest] = pieces;
  if (first === undefined || rest.length < 2) {
    return undefined;
  }
  const counted = rest.slice(Math.floor(rest.length / 2));
  let bits = 0;
  let ms = 0;
  for (const { sizeBytes, elapsedMs } of counted) {
    bits += sizeBytes * 8;
    ms += Math.max(elapsedMs - first.elapsedMs, elapsedMs / 4);
  }
  return ms === 0 ? undefined : (bits / ms) * 1000;
}

/** Uploads for about 3 s in growing pieces; undefined when the server did not take them. Never rejects, except when aborted. */
export async function measureUpload(url: string, signal: AbortSignal): Promise<number | undefined> {
  const startedMs = performance.now();
  const pieces: UploadPiece[] = [];
  while (performance.now() - startedMs < TEST_MS) {
    const piece = await uploadPiece(url, nextPieceBytes(pieces), signal);
    if (piece === undefined) {
      break;
    }
    pieces.push(piece);
  }
  return estimateUploadBps(pieces);
}

async function uploadPiece(
  url: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<UploadPiece | undefined> {
  const body = randomBlob(sizeBytes);
  const sentMs = performance.now();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PIECE_TIMEOUT_MS)]),
    });
    await response.arrayBuffer();
    return response.ok ? { sizeBytes, elapsedMs: performance.now() - sentMs } : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Bytes that nothing on the way can make smaller. */
function randomBlob(sizeBytes: number): Blob {
  const block = crypto.getRandomValues(new Uint8Array(Math.min(sizeBytes, RANDOM_BYTES)));
  return new Blob(Array.from({ length: Math.ceil(sizeBytes / block.length) }, () => block));
}
