/** How a request to play went. */
export type AutoplayResult = 'playing' | 'playing-muted' | 'blocked' | 'interrupted';

/** Plays with sound if the browser lets us, else without. Rejections that are not the autoplay policy's mean that another load or a pause came between. */
export async function playWithOrWithoutSound(media: HTMLMediaElement): Promise<AutoplayResult> {
  const first = await tryToPlay(media);
  if (first !== 'blocked' || media.muted) {
    return first;
  }
  media.muted = true;
  const second = await tryToPlay(media);
  return second === 'playing' ? 'playing-muted' : second;
}

async function tryToPlay(media: HTMLMediaElement): Promise<'playing' | 'blocked' | 'interrupted'> {
  try {
    await media.play();
    return 'playing';
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotAllowedError' ? 'blocked' : 'interrupted';
  }
}
