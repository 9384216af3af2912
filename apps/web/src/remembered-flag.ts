/** A yes or no that this browser remembers. Where storage is refused, it lasts as long as the page. */
export class RememberedFlag {
  readonly #name: string;
  #value: boolean;

  /** `name` is the key in local storage; without an entry the value is `otherwise`. */
  constructor(name: string, otherwise: boolean) {
    this.#name = name;
    this.#value = otherwise;
    try {
      const stored = localStorage.getItem(name);
      this.#value = stored === null ? otherwise : stored === 'yes';
    } catch {
      // Private windows may refuse; the default stands.
    }
  }

  get value(): boolean {
    return this.#value;
  }

  set value(value: boolean) {
    this.#value = value;
    try {
      localStorage.setItem(this.#name, value ? 'yes' : 'no');
    } catch {
      // As above: it lasts as long as the page.
    }
  }
}
