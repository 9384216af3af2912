import { RepeatPicture } from '@tallylight/media/codecs/h264/repeat-picture.ts';
import { Vp8RepeatPicture } from '@tallylight/media/codecs/vp8/repeat-picture.ts';
import type { PictureRepeater } from '../stream/cadence.ts';
import type { VideoTrack } from '../stream/track.ts';

/** What repeats a track's last picture while its source sends none; undefined for codecs in which we cannot write one. */
export function repeaterFor(track: VideoTrack): PictureRepeater | undefined {
  if (track.codec === 'h264') return RepeatPicture.for(track.config);
  if (track.codec === 'vp8') return new Vp8RepeatPicture();
  return undefined;
}
