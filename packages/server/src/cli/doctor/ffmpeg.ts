import type { Config } from '../../config/config.ts';
import { isHardwareEncoder } from '../../transcode/ffmpeg/args.ts';
import {
  type EncoderProbe,
  FfmpegMissingError,
  probeEncoders,
  probeFfmpeg,
} from '../../transcode/ffmpeg/probe.ts';
import type { Sandbox } from '../../transcode/ffmpeg/sandbox.ts';
import { type Finding, failure, note, ok } from './finding.ts';

/** FFmpeg's version, which encoders really encode a picture here, and how well it can be confined. */
export async function checkFfmpeg({ ffmpegPath, encoder }: Config['transcode']): Promise<readonly Finding[]> {
  try {
    const found = await probeFfmpeg({ path: ffmpegPath, ...(encoder === 'auto' ? {} : { encoder }) });
    const probes = await probeEncoders(found);
    return [
      ok('FFmpeg', `version ${found.version}`),
      ...probes.map(describeEncoder),
      chosenEncoder(found.encoder, encoder),
      confinement(found.sandbox),
    ];
  } catch (error) {
    if (!(error instanceof FfmpegMissingError)) throw error;
    return [
      failure(
        'FFmpeg',
        error.message,
        'Debian: apt-get install ffmpeg; elsewhere 5.1 or newer, and FFMPEG_PATH if it is not on PATH',
      ),
    ];
  }
}

function describeEncoder({ encoder, works, reason }: EncoderProbe): Finding {
  return ok(`encoder ${encoder}`, works ? 'encodes' : `not on this machine (${reason ?? 'no reason given'})`);
}

function chosenEncoder(
  chosen: EncoderProbe['encoder'] | undefined,
  wished: Config['transcode']['encoder'],
): Finding {
  if (chosen !== undefined)
    return ok('chosen encoder', `${chosen}${isHardwareEncoder(chosen) ? ', in hardware' : ''}`);
  if (wished !== undefined)
    return failure('chosen encoder', `${wished} does not encode here`, 'set TALLYLIGHT_ENCODER to auto');
  return failure(
    'chosen encoder',
    'none works',
    'install an FFmpeg with libx264 (Debian’s has it; Fedora: that of RPM Fusion)',
  );
}

function confinement(sandbox: Sandbox): Finding {
  const missing = [
    ...(sandbox.limits ? [] : ['memory limits (prlimit)']),
    ...(sandbox.network === undefined ? ['no network (unshare)'] : []),
    ...(sandbox.deathSignal ? [] : ['its end with ours (setpriv)']),
  ];
  if (missing.length === 0) return ok('confinement of FFmpeg', 'complete');
  return note(
    'confinement of FFmpeg',
    `without ${missing.join(', ')}`,
    'install util-linux; in a container allow user namespaces',
  );
}
