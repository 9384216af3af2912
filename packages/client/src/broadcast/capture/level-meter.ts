/** A reading of the meter, in dBFS: 0 is full scale, silence is −Infinity. */
export interface SoundLevel {
  readonly rmsDbfs: number;
  readonly peakDbfs: number;
}

/** About 43 ms at 48 kHz: a syllable is longer, so none slips between two readings at 25 Hz. */
const WINDOW_SAMPLES = 2048;

/** Measures a track's sound; it is not played. Opens the audio system, so it wants a click before. */
export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(WINDOW_SAMPLES);
  #source: MediaStreamAudioSourceNode | undefined;
  #track: MediaStreamTrack | undefined;

  constructor() {
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = WINDOW_SAMPLES;
  }

  /** Measures another track, or nothing. */
  listenTo(track: MediaStreamTrack | undefined): void {
    if (track !== this.#track) {
      this.#source?.disconnect();
      this.#source = undefined;
      this.#track = track;
      if (track !== undefined) {
        this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
        this.#source.connect(this.#analyser);
      }
    }
    if (this.#context.state === 'suspended') {
      void this.#context.resume();
    }
  }

  /** The level now; undefined while nothing can be measured. */
  read(): SoundLevel | undefined {
    if (this.#source === undefined || this.#context.state !== 'running') {
      return undefined;
    }
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return levelOf(this.#samples);
  }

  /** Lets go of the audio system. Idempotent. */
  close(): void {
    this.listenTo(undefined);
    if (this.#context.state !== 'closed') {
      void this.#context.close();
    }
  }
}

/** Root mean square and peak of samples from −1 to 1. */
export function levelOf(samples: Float32Array): SoundLevel {
  let squares = 0;
  let peak = 0;
  for (const sample of samples) {
    squares += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  const mean = samples.length === 0 ? 0 : squares / samples.length;
  return { rmsDbfs: 10 * Math.log10(mean), peakDbfs: 20 * Math.log10(peak) };
}
