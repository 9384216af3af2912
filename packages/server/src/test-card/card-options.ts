/** What the test card looks and sounds like. */
export interface CardOptions {
  /** Even pixels. Default 1280 × 720. */
  readonly width: number;
  readonly height: number;
  /** Pictures per second, such as 30, or a ratio as text, such as 30000/1001. Default 30. */
  readonly frameRate: string;
  /** Seconds between two IDR pictures. Default 2. */
  readonly gopSec: number;
  /** Bits per second of the video. Default 2,000,000. */
  readonly bitrateBps: number;
  /** Tone with a beep on every second. Default true. */
  readonly audio: boolean;
  /** The moving picture with a clock for people, or `plain`: one colour, cheap, with the clock for machines alone. Default `moving`. */
  readonly picture: 'moving' | 'plain';
  /** More arguments for FFmpeg's video encoder, after ours. Default none. */
  readonly encoderArgs: readonly string[];
  /** The FFmpeg to use. Default `ffmpeg`. */
  readonly ffmpegPath: string;
}

/** The card that `npm start` shows. */
export const defaultCardOptions: CardOptions = {
  width: 1280,
  height: 720,
  frameRate: '30',
  gopSec: 2,
  bitrateBps: 2_000_000,
  audio: true,
  picture: 'moving',
  encoderArgs: [],
  ffmpegPath: 'ffmpeg',
};

/** Pictures per second as a number. Throws RangeError for text that is no rate between 1 and 240. */
export function framesPerSecond(frameRate: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(?:\/(\d{1,6}))?$/.exec(frameRate);
  const value = Number(match?.[1]) / Number(match?.[2] ?? 1);
  if (!(value >= 1 && value <= 240))
    throw new RangeError(`a frame rate is 1 to 240 a second, not ${frameRate}`);
  return value;
}
