import { type SenderFigures, senderFigures } from './sender-figures.ts';
import { type SenderReport, sameSource } from './sender-report.ts';

/** Reports of the last seconds, to take means over them. */
export class ReportWindow {
  readonly #lengthMs: number;
  #reports: SenderReport[] = [];
  #beganMs: number | undefined;

  /** `lengthMs` = the longest span that figures are wanted for. */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** `atMs` of the first report of this session and this video track; undefined before it. */
  get beganMs(): number | undefined {
    return this.#beganMs;
  }

  /** Adds a report; `undefined` says that another session begins. With another video track the figures begin anew by themselves. */
  push(report: SenderReport | undefined): void {
    const last = this.#reports.at(-1);
    if (report === undefined) {
      this.#reports = [];
      this.#beganMs = undefined;
    } else if (last === undefined || !sameSource(last, report)) {
      this.#reports = [report];
      this.#beganMs = report.atMs;
    } else if (report !== last) {
      // One report from before the span is kept: it is where the span begins.
      const fromMs = report.atMs - this.#lengthMs;
      const first = this.#reports.findLastIndex(({ atMs }) => atMs <= fromMs);
      this.#reports = [...this.#reports.slice(Math.max(0, first)), report];
    }
  }

  /** Means over the last `spanMs`, or over less while there is less; undefined before two reports. */
  figures(spanMs: number): SenderFigures | undefined {
    const last = this.#reports.at(-1);
    const from =
      last && (this.#reports.findLast(({ atMs }) => atMs <= last.atMs - spanMs) ?? this.#reports[0]);
    return last === undefined || from === undefined || from === last ? undefined : senderFigures(from, last);
  }
}
