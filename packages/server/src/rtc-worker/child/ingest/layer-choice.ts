/** What the choice goes by. */
export interface LayerState {
  readonly rid: string;
  /** Pixels of its pictures; 0 before one came. */
  readonly pixels: number;
  /** Monotonic time of its last packet. */
  readonly lastPacketMs: number;
  /** Monotonic time at which its last picture but one began to come. */
  readonly lastButOneMs: number;
}

/**
 * What a layer needs: a keyframe now, because it is no use before; one now and then, because its pictures are taken; or none.
 */
export type KeyframeNeed = 'now' | 'regular' | 'none';

/** A layer without packets for so long, while others had pictures, is not live. */
const SILENT_MS = 1000;
/** Time at the start for the layers to show themselves, so that the stream does not start small and grow at once. */
const SETTLE_MS = 800;

/** Chooses among the layers of a simulcast: the largest that is live. */
export class LayerChoice {
  readonly #layerCount: number;
  #firstMs: number | undefined;
  #chosen: string | undefined;

  /** `layerCount`: how many layers were offered. */
  constructor(layerCount: number) {
    this.#layerCount = layerCount;
  }

  /** The layer whose pictures are taken now. */
  get chosen(): string | undefined {
    return this.#chosen;
  }

  /** The layer that should be taken: a keyframe of it is wanted when it is not the chosen one. Undefined while none is live. */
  wanted(layers: readonly LayerState[], nowMs: number): string | undefined {
    const live = layers.filter((layer) => isLive(layer, layers, nowMs));
    // The publisher's order says nothing about sizes: browsers write the smallest first, the RFC the preferred one.
    const [best] = live.sort((a, b) => b.pixels - a.pixels);
    if (best === undefined) return this.#chosen;
    // Of the same size, or of unknown size: nothing is gained.
    const chosen = live.find(({ rid }) => rid === this.#chosen);
    return chosen !== undefined && chosen.pixels >= best.pixels ? chosen.rid : best.rid;
  }

  /**
   * What the layer needs. The one that is taken goes on being asked while another is wanted, or its stream would stand when that other
   * has no keyframe to give. Of one whose first keyframe was lost nobody knows the size, so it is asked until it shows it.
   */
  keyframeNeed(rid: string, layers: readonly LayerState[], nowMs: number): KeyframeNeed {
    const layer = layers.find((each) => each.rid === rid);
    if (layer === undefined || !isLive(layer, layers, nowMs)) return 'none';
    if (rid === this.#chosen) return 'regular';
    return layer.pixels === 0 || rid === this.wanted(layers, nowMs) ? 'now' : 'none';
  }

  /** A picture of a layer came: true when it is to be given out. Switches at keyframes. */
  takes(rid: string, keyframe: boolean, layers: readonly LayerState[], nowMs: number): boolean {
    this.#firstMs ??= nowMs;
    if (rid === this.#chosen) return true;
    if (!keyframe) return false;
    const pixelsOf = (name: string | undefined): number =>
      layers.find((layer) => layer.rid === name)?.pixels ?? 0;
    const wanted = this.wanted(layers, nowMs);
    // At the start each of several equals will do.
    const isAsGood = this.#chosen === undefined && pixelsOf(rid) >= pixelsOf(wanted);
    if (wanted !== rid && !isAsGood) return false;
    const everyLayerShown = layers.filter(({ pixels }) => pixels > 0).length >= this.#layerCount;
    if (this.#chosen === undefined && !everyLayerShown && nowMs - this.#firstMs < SETTLE_MS) return false;
    this.#chosen = rid;
    return true;
  }
}

/**
 * A screen may have one picture in some seconds, of which the small layer's packets come first: only when another layer had two pictures
 * in the meantime has this one stopped.
 */
function isLive({ lastPacketMs }: LayerState, layers: readonly LayerState[], nowMs: number): boolean {
  if (lastPacketMs === Number.NEGATIVE_INFINITY) return false;
  if (nowMs - lastPacketMs < SILENT_MS) return true;
  return layers.every(({ lastButOneMs }) => lastButOneMs <= lastPacketMs);
}
