/** Values of a pattern's named elements. */
export type RouteParams = Readonly<Record<string, string>>;

/** A path such as `/api/streams/:id/health`: elements that begin with a colon stand for any one element that is not empty. */
export class RoutePattern {
  readonly #elements: readonly string[];

  constructor(pattern: string) {
    this.#elements = pattern.split('/');
  }

  /** The named elements of a path as they stand in it, not decoded; undefined when the path is another. */
  match(elements: readonly string[]): RouteParams | undefined {
    if (elements.length !== this.#elements.length) return undefined;
    const params: Record<string, string> = {};
    for (let at = 0; at < elements.length; at++) {
      const wanted = this.#elements[at] ?? '';
      const given = elements[at] ?? '';
      if (!wanted.startsWith(':')) {
        if (wanted !== given) return undefined;
      } else if (given === '') return undefined;
      else params[wanted.slice(1)] = given;
    }
    return params;
  }
}
