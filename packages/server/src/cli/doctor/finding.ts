/** What one check of `tallylight doctor` found. */
export interface Finding {
  /** What was looked at. */
  readonly subject: string;
  /** `ok`; `note`: works, could be better; `failure`: the server will not work. */
  readonly outcome: 'ok' | 'note' | 'failure';
  /** What there is, in words. */
  readonly found: string;
  /** How to mend it, in words; absent when there is nothing to mend. */
  readonly mend?: string;
}

/** A check that found nothing wrong. */
export function ok(subject: string, found: string): Finding {
  return { subject, outcome: 'ok', found };
}

/** Something that works and could be better. */
export function note(subject: string, found: string, mend: string): Finding {
  return { subject, outcome: 'note', found, mend };
}

/** Something without which the server does not work. */
export function failure(subject: string, found: string, mend: string): Finding {
  return { subject, outcome: 'failure', found, mend };
}
