/** What the parameter sets of a video track tell about its pictures. */
export interface VideoProperties {
  /** RFC 6381, such as `avc1.64001f`. */
  readonly codecString: string;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; absent when the parameter sets do not tell. */
  readonly frameRate?: number;
  /** Shape of a pixel; absent when square or not told. */
  readonly pixelAspect?: { readonly hSpacing: number; readonly vSpacing: number };
}

/** The pixel shape, or nothing when it is square. */
export function unlessSquare(
  aspect: VideoProperties['pixelAspect'] | undefined,
): Pick<VideoProperties, 'pixelAspect'> {
  return aspect === undefined || aspect.hSpacing === aspect.vSpacing ? {} : { pixelAspect: aspect };
}
