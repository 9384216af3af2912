import { drawClock } from '@tallylight/server/test-card/clock-strip.ts';

/** How the camera that draws a clock looks and sounds. */
export interface ClockCameraOptions {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** Once a second a white field goes with a beep: a small one, or the whole picture for `flashTimes`. Default `field`. */
  readonly flash?: 'field' | 'picture';
}

/** In a page: what stands in for the machine's camera and microphone. Leans on nothing outside itself. */
function installClockCamera(options: ClockCameraOptions, draw: typeof drawClock): void {
  const { width, height, framesPerSecond } = options;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('no canvas');
  const blockWidth = width / 64;
  let picture = 0;
  // Noise that moves keeps the encoder at its bitrate, as a room with a person in it would.
  const noise = context.createImageData(width, height / 2);
  for (let at = 0; at < noise.data.length; at += 4) {
    const level = 96 + Math.floor(Math.random() * 48);
    noise.data.set([level, level, level, 255], at);
  }
  const tile = new OffscreenCanvas(width, height / 2);
  tile.getContext('2d')?.putImageData(noise, 0, 0);

  const audio = new AudioContext({ sampleRate: 48_000 });
  const sound = audio.createMediaStreamDestination();
  const gain = audio.createGain();
  gain.gain.value = 0;
  const tone = audio.createOscillator();
  tone.frequency.value = 1000;
  tone.connect(gain).connect(sound);
  tone.start();
  let lastSecond = 0;

  const paint = (): void => {
    const nowMs = Date.now();
    picture += 1;
    // Once a second a beep of 100 ms, and a white field for as long: the mark of sound against picture.
    const second = Math.floor(nowMs / 1000);
    const flash = nowMs % 1000 < 100;
    if (second !== lastSecond && flash) {
      lastSecond = second;
      gain.gain.setValueAtTime(0.5, audio.currentTime);
      gain.gain.setValueAtTime(0, audio.currentTime + 0.1);
    }
    context.fillStyle = flash && options.flash === 'picture' ? '#fff' : '#203040';
    context.fillRect(0, 0, width, height);
    if (options.flash !== 'picture') {
      context.drawImage(tile, (picture * 4) % 64, height / 4);
      context.fillStyle = flash ? '#fff' : '#000';
      context.fillRect(width * 0.4, height * 0.8, width * 0.2, height * 0.2);
    }
    const blocks = draw(nowMs);
    for (let block = 0; block < blocks.length; block += 1) {
      context.fillStyle = (blocks[block] ?? 0) > 0 ? '#fff' : '#000';
      context.fillRect(block * blockWidth, 0, blockWidth + 1, blockWidth);
    }
  };
  setInterval(paint, 1000 / framesPerSecond);
  paint();
  const open = async (wanted?: MediaStreamConstraints): Promise<MediaStream> => {
    await audio.resume();
    const stream = new MediaStream();
    if (wanted?.video !== undefined && wanted.video !== false)
      for (const track of canvas.captureStream(framesPerSecond).getVideoTracks()) stream.addTrack(track);
    if (wanted?.audio !== undefined && wanted.audio !== false)
      for (const track of sound.stream.getAudioTracks()) stream.addTrack(track.clone());
    return stream;
  };
  navigator.mediaDevices.getUserMedia = open;
}

/**
 * A script for pages, to run before their own: `getUserMedia` gives a picture with a clock that `readClock` reads, and a beep with a
 * white field once a second.
 */
export function clockCameraScript(
  options: ClockCameraOptions = { width: 1280, height: 720, framesPerSecond: 30 },
): string {
  return `${drawClock.toString()}\n(${installClockCamera.toString()})(${JSON.stringify(options)}, drawClock);`;
}
