import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { AnsweredRequest } from './api-options.ts';

/** Bounds of the durations of answers, in seconds: what is quick here is a millisecond. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** One figure as it is now, for each of its labels' values. */
export interface Figure {
  /** In full, such as `tallylight_live_streams`. */
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * What Prometheus reads. Names begin with `tallylight_`; no label ever holds what a client sent, so that neither secrets nor endless series
 * get in.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: (() => readonly Figure[])[] = [];
  readonly #durations: Histogram<'route' | 'method' | 'status'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: 'tallylight_http_request_duration_seconds',
      help: 'Time from a request of the API to the end of its answer',
      labelNames: ['route', 'method', 'status'],
      buckets: DURATIONS,
      registers: [this.#registry],
    });
  }

  /** Media type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Every figure as it is now, in Prometheus' text format. */
  async text(): Promise<string> {
    const figures = this.#sources.flatMap(safely).filter(({ values }) => values.length > 0);
    return (await this.#registry.metrics()) + figures.map(written).join('');
  }

  /** Counts an answer of the API. */
  answered({ route, method, status, durationMs }: AnsweredRequest): void {
    this.#durations.observe({ route, method, status: String(status) }, durationMs / 1000);
  }

  /** Figures that are read whenever Prometheus asks. A source that throws is absent, and takes none of the others with it. */
  add(source: () => readonly Figure[]): void {
    this.#sources.push(source);
  }

  /** Something that is counted as it happens; returns the way to count. `kinds` are the values of the label `kind`. */
  counter<K extends string>(name: string, help: string, kinds: readonly K[]): (kind: K, by?: number) => void {
    const counter = new Counter({
      name: `tallylight_${name}`,
      help,
      labelNames: ['kind'],
      registers: [this.#registry],
    });
    // Series that are there from the start: a rate over one that appears late misses its first step.
    for (const kind of kinds) counter.inc({ kind }, 0);
    return (kind, by = 1) => counter.inc({ kind }, by);
  }
}

function safely(source: () => readonly Figure[]): readonly Figure[] {
  try {
    return source();
  } catch {
    // The alert for a figure that is missing is Prometheus' own `absent()`.
    return [];
  }
}

/** One figure in the text format (Prometheus exposition format 0.0.4). */
function written({ name, help, values }: Figure): string {
  const lines = values.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(
      ([label, of]) => `${label}="${of.replace(/[\\"\n]/g, escaped)}"`,
    );
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ''].join('\n');
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
