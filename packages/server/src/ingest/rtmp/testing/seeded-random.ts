/** Random numbers that repeat for the same seed (mulberry32), and what fuzzing makes of them. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 up to and without `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined && items.length === 0) throw new RangeError('nothing to pick from');
    return item as T;
  }

  /** Random bytes. */
  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.below(256));
  }

  /** The bytes with some flipped bits, replaced bytes, cuts, repetitions and extreme numbers. */
  mutate(bytes: Uint8Array): Uint8Array {
    let out = Uint8Array.from(bytes);
    for (let changes = 1 + this.below(4); changes > 0 && out.length > 0; changes--) {
      const at = this.below(out.length);
      switch (this.below(6)) {
        case 0:
          out[at] = (out[at] ?? 0) ^ (1 << this.below(8));
          break;
        case 1:
          out[at] = this.below(256);
          break;
        case 2:
          out = out.slice(0, at);
          break;
        case 3:
          out.fill(0xff, at, at + 4);
          break;
        case 4: {
          const end = at + this.below(out.length - at) + 1;
          out = Uint8Array.from([...out.subarray(0, end), ...out.subarray(at)]);
          break;
        }
        default:
          out.fill(0, at, at + 1 + this.below(4));
      }
    }
    return out;
  }
}
