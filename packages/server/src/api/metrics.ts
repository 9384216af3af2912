import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnsweredRequest } from './api-options.ts';

/** Bounds of the durations of answers, in seconds: what is quick here is a millisecond. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * What Prometheus reads. Names begin with `tallylight_`; no label ever holds what a client sent, so that neither secrets nor endless series
 * get in.
 */
export class Metrics {
  readonly #registry = new Registry();
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
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts an answer of the API. */
  answered({ route, method, status, durationMs }: AnsweredRequest): void {
    this.#durations.observe({ route, method, status: String(status) }, durationMs / 1000);
  }

  /** A figure that is read whenever Prometheus asks. One that cannot be read is absent, and takes none of the others with it. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    this.#addGauge(name, help, [], () => {
      const value = read();
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  }

  /** A figure for each of some things, told apart by one label. */
  gaugeBy(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    this.#addGauge(name, help, [label], () =>
      [...read()].map(([of, value]) => ({ labels: { [label]: of }, value })),
    );
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

  #addGauge(
    name: string,
    help: string,
    labelNames: string[],
    read: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  ): void {
    const gauge = new Gauge({
      name: `tallylight_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        if (labelNames.length === 0) this.remove();
        let readings: ReturnType<typeof read> = [];
        try {
          readings = read();
        } catch {
          // Absent from this answer; the alert for that is Prometheus' own `absent()`.
        }
        for (const { labels, value } of readings) this.set({ ...labels }, value);
      },
    });
    gauge.reset();
  }
}
