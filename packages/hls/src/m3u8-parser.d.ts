/** What our tests read of the m3u8-parser package, which ships no types: a second opinion on what we write. */
declare module 'm3u8-parser' {
  interface ParsedSegment {
    readonly uri?: string;
    readonly duration?: number;
    readonly discontinuity?: boolean;
    readonly map?: { readonly uri: string };
    readonly parts?: readonly { readonly uri: string; readonly duration: number }[];
  }

  interface ParsedManifest {
    readonly version?: number;
    readonly mediaSequence?: number;
    readonly discontinuitySequence?: number;
    readonly targetDuration?: number;
    readonly partTargetDuration?: number;
    readonly endList?: boolean;
    readonly serverControl?: Readonly<Record<string, unknown>>;
    readonly skip?: { readonly skippedSegments: number };
    readonly segments?: readonly ParsedSegment[];
    readonly preloadSegment?: ParsedSegment;
    readonly renditionReports?: readonly {
      readonly uri: string;
      readonly lastMsn: number;
      readonly lastPart?: number;
    }[];
    readonly playlists?: readonly {
      readonly uri: string;
      readonly attributes: Readonly<Record<string, unknown>>;
    }[];
    readonly mediaGroups?: Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
    >;
  }

  /** Push text, end, then read the manifest. */
  export class Parser {
    readonly manifest: ParsedManifest;
    push(text: string): void;
    end(): void;
  }
}
