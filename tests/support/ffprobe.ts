import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** One elementary stream as ffprobe describes it. */
export interface ProbedStream {
  readonly codec_name?: string;
  readonly codec_type?: string;
  readonly profile?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_rate?: string;
  readonly channels?: number;
  /** Decoded frames; present when they were counted. */
  readonly nb_read_frames?: string;
}

/** What ffprobe says of a file or URL, and what it complained of. */
export interface Probe {
  readonly streams: readonly ProbedStream[];
  readonly complaints: string;
}

/** Asks ffprobe; `count` decodes everything and counts frames. */
export async function probe(input: string, { count = false } = {}): Promise<Probe> {
  const { stdout, stderr } = await promisify(execFile)('ffprobe', [
    ...['-v', 'warning', '-of', 'json', '-show_streams', ...(count ? ['-count_frames'] : [])],
    input,
  ]);
  const { streams = [] } = JSON.parse(stdout) as { readonly streams?: readonly ProbedStream[] };
  return { streams, complaints: stderr.trim() };
}
