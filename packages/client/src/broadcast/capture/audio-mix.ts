/** What may sound at once. */
export interface SoundSources {
  readonly microphone: MediaStreamTrack | undefined;
  /** Of a shared screen or tab. */
  readonly system: MediaStreamTrack | undefined;
}

/**
 * Makes one track of what sounds. A single source is sent as it is, because each mix costs some 10 ms and shifts the sound against
 * the picture; several are mixed; without any there is silence, so that the stream's sound track never ends.
 */
export class AudioMix {
  #context: AudioContext | undefined;
  #destination: MediaStreamAudioDestinationNode | undefined;
  #nodes: AudioNode[] = [];
  #mixed: readonly (MediaStreamTrack | undefined)[] = [];

  /** The track to send for these sources. */
  track(sources: SoundSources): MediaStreamTrack {
    const tracks = [sources.microphone, sources.system].filter(
      (track) => track !== undefined && track.readyState === 'live',
    );
    if (tracks.length === 1 && tracks[0] !== undefined) {
      this.#disconnect();
      return tracks[0];
    }
    const { context, destination } = this.#open();
    if (tracks.length !== this.#mixed.length || tracks.some((track, index) => track !== this.#mixed[index])) {
      this.#disconnect();
      this.#mixed = tracks;
      for (const track of tracks) {
        const source = context.createMediaStreamSource(new MediaStream(track === undefined ? [] : [track]));
        source.connect(destination);
        this.#nodes.push(source);
      }
    }
    const [mixed] = destination.stream.getAudioTracks();
    if (mixed === undefined) {
      throw new TypeError('the mix has no track');
    }
    return mixed;
  }

  /** Lets go of the audio system. Idempotent; a later {@link track} opens it anew. */
  close(): void {
    this.#disconnect();
    this.#destination?.stream.getTracks().forEach((track) => track.stop());
    this.#destination = undefined;
    void this.#context?.close();
    this.#context = undefined;
  }

  #open(): { context: AudioContext; destination: MediaStreamAudioDestinationNode } {
    this.#context ??= new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    if (this.#context.state === 'suspended') {
      void this.#context.resume();
    }
    if (this.#destination === undefined) {
      const destination = this.#context.createMediaStreamDestination();
      // Without a source some browsers send nothing at all, not even silence.
      const silence = this.#context.createConstantSource();
      silence.offset.value = 0;
      silence.connect(destination);
      silence.start();
      this.#destination = destination;
    }
    return { context: this.#context, destination: this.#destination };
  }

  #disconnect(): void {
    for (const node of this.#nodes) {
      node.disconnect();
    }
    this.#nodes = [];
    this.#mixed = [];
  }
}
