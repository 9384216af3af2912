import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import type { StreamClientError } from '@tallylight/client/broadcast/stream-client-error.ts';
import type { StreamLimits } from '@tallylight/client/broadcast/stream-limits.ts';
import { QUALITIES, qualityTarget, type StreamQuality } from '@tallylight/client/broadcast/stream-quality.ts';
import { WhipError } from '@tallylight/client/broadcast/whip/whip-error.ts';
import { bitrateWords } from '../words.ts';

/** Fewer pictures a second than this are none. */
const NO_PICTURE_FPS = 1;

/** "4:05", "1:02:09". */
export function durationWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  return minutes < 60
    ? `${String(minutes)}:${two(seconds % 60)}`
    : `${String(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** "1 viewer", "1,204 viewers". */
export function viewerWords(viewers: number): string {
  return viewers === 1 ? '1 viewer' : `${viewers.toLocaleString('en')} viewers`;
}

/** An entry of the quality menu: "720p, up to 2.5 Mbps"; less where the stream allows less. */
export function qualityWords(quality: StreamQuality, limits: StreamLimits = {}): string {
  return `${quality}, up to ${bitrateWords(qualityTarget(quality, limits).maxBitrateBps)}`;
}

/** What the stream's settings allow: "This stream allows 720p, 30 pictures per second and 2.5 Mbps at most."; undefined for one that says nothing. */
export function limitWords({ maxShortSide, maxFrameRate, maxBitrateBps }: StreamLimits): string | undefined {
  const parts = [
    ...(maxShortSide === undefined ? [] : [`${String(maxShortSide)}p`]),
    ...(maxFrameRate === undefined ? [] : [`${String(maxFrameRate)} pictures per second`]),
    ...(maxBitrateBps === undefined ? [] : [bitrateWords(maxBitrateBps)]),
  ];
  const last = parts.pop();
  return last === undefined
    ? undefined
    : `This stream allows ${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`} at most.`;
}

type ProgramState = Pick<BroadcastState, 'picture' | 'videoEnabled' | 'audioEnabled' | 'microphoneId'>;

/** What the viewers miss. A shared screen may have a sound of its own: then only the microphone is said to be missing. */
function liveWords({ picture, videoEnabled, audioEnabled, microphoneId }: ProgramState): string {
  const off = picture === 'camera' && !videoEnabled ? 'your camera is off' : undefined;
  const black = picture === 'none' ? 'there is no camera' : off;
  const muted = audioEnabled ? undefined : 'your microphone is muted';
  const silent = microphoneId === undefined ? 'there is no microphone' : muted;
  if (silent === undefined) {
    return black === undefined ? 'You are live.' : `You are live in black: ${black}.`;
  }
  if (black !== undefined) {
    return `You are live in black and without sound: ${black}, and ${silent}.`;
  }
  return picture === 'camera' ? `You are live without sound: ${silent}.` : `You are live, but ${silent}.`;
}

/** Where the broadcast stands, in a sentence that changes only when that does: it is read aloud each time. */
export function statusWords(state: Pick<BroadcastState, 'status' | 'error'> & ProgramState): string {
  switch (state.status) {
    case 'idle':
      return 'Not live.';
    case 'preview':
      return 'Only you can see this.';
    case 'connecting':
      return 'Connecting to the server.';
    case 'live':
      return liveWords(state);
    case 'reconnecting':
      return 'Connection lost. Reconnecting.';
    case 'ended':
      // An error says here that the server did not end the stream: only this side of it is over.
      return state.error === undefined ? 'This stream has ended.' : 'Your broadcast has stopped.';
    default:
      return 'Your stream has stopped.';
  }
}

/** How long the server still waits for a lost connection; undefined when nothing is lost, or the server did not say. */
export function countdownWords(
  state: Pick<BroadcastState, 'status' | 'reconnecting'>,
  nowMs: number,
): string | undefined {
  const untilMs = state.status === 'reconnecting' ? state.reconnecting?.untilMs : undefined;
  return untilMs === undefined ? undefined : `Your stream stays open for ${durationWords(untilMs - nowMs)}.`;
}

/** The word in the picture's corner. */
export function badgeWords(status: BroadcastState['status']): string {
  switch (status) {
    case 'live':
      return 'LIVE';
    case 'reconnecting':
      return 'RECONNECTING';
    default:
      return 'PREVIEW';
  }
}

/** Why Go live cannot be pressed yet; undefined when it can. */
export function goLiveObstacle(
  state: Pick<BroadcastState, 'status' | 'stream'>,
  streamKey: string,
): string | undefined {
  if (streamKey === '') {
    return 'Paste your stream key first.';
  }
  return state.stream === null ? 'Turn on your camera, or share your screen first.' : undefined;
}

/** Whether the server answers and no media gets through: then the page that tests the network says more. */
export function isMediaPathError(error: StreamClientError | undefined): boolean {
  return error?.cause instanceof WhipError && error.cause.kind === 'no-media-path';
}

/** The question before the end. */
export function endWords(viewers: number): string {
  return `End the stream for ${viewerWords(viewers)}? This cannot be undone.`;
}

/** What a broadcaster can do about the health, or undefined while it is good. Without figures: it is read aloud at each change. */
export function adviceWords(state: Pick<BroadcastState, 'health' | 'figures'>): string | undefined {
  switch (state.health?.cause) {
    case 'upload':
      return 'Your upload is too slow for this quality. Choose a lower quality.';
    case 'camera':
      if ((state.figures?.sourceFramesPerSecond ?? NO_PICTURE_FPS) < NO_PICTURE_FPS) {
        return 'Your camera gives no picture. Check its cover, or choose another camera.';
      }
      return 'Your camera gives too few pictures. More light helps.';
    case 'network':
      return 'Your network is slow or loses packets. Use a cable, or move closer to the router.';
    case 'computer':
      return 'Your computer is too busy. Close other apps, or choose a lower quality.';
    case 'nothing-sent':
      return 'No picture leaves this browser. Choose another camera.';
    default:
      return undefined;
  }
}

/** The figures behind the advice; undefined while there are none. */
export function adviceFigures(
  state: Pick<BroadcastState, 'health' | 'figures' | 'quality' | 'limits'>,
): string | undefined {
  const { targetBitrateBps, sourceFramesPerSecond } = state.figures ?? {};
  if (state.health?.cause === 'upload' && targetBitrateBps !== undefined) {
    const set = qualityTarget(state.quality, state.limits).maxBitrateBps;
    return `Your upload gives ${bitrateWords(targetBitrateBps)}, you send up to ${bitrateWords(set)}.`;
  }
  return state.health?.cause === 'camera' && sourceFramesPerSecond !== undefined
    ? `Your camera gives ${sourceFramesPerSecond.toFixed(0)} pictures per second.`
    : undefined;
}

/** The next lower quality; undefined below the lowest. */
export function lowerQuality(quality: StreamQuality): StreamQuality | undefined {
  return QUALITIES[QUALITIES.indexOf(quality === 'auto' ? '720p' : quality) + 1];
}
