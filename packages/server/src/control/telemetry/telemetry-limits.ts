/** How live streams are measured. */
export interface TelemetryLimits {
  /** Between two samples of a stream, in milliseconds. Default 5000. */
  readonly sampleEveryMs: number;
  /** Samples kept while the database is away; beyond it the oldest are dropped, with a line in the log. Default 2000. */
  readonly pendingSamples: number;
  /** Samples in one statement. Default 500. */
  readonly rowsPerStatement: number;
}

/** The defaults of {@link TelemetryLimits}. */
export const DEFAULT_TELEMETRY_LIMITS: TelemetryLimits = {
  sampleEveryMs: 5000,
  pendingSamples: 2000,
  rowsPerStatement: 500,
};
