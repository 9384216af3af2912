import type { MediaPlaylist, RenditionReport } from '@tallylight/hls/media-playlist.ts';
import { makeDelta } from '@tallylight/hls/rules/delta-update.ts';
import { renditionReport } from '@tallylight/hls/rules/rendition-report.ts';
import { writeMediaPlaylist } from '@tallylight/hls/write-media-playlist.ts';
import type { Presentation, PresentationDirectory, RenditionFeed } from '../packager/presentation.ts';
import type { WaitingPlace } from './held-requests.ts';
import { RenderedPlaylist } from './rendered-playlist.ts';

/**
 * Where requests for one rendition are served: its playlist rendered once per version, in full and as a delta, and the place
 * where its requests wait.
 */
export class RenditionDesk implements WaitingPlace {
  readonly feed: RenditionFeed;
  /** Content-Type of its media: audio renditions are those whose id begins with `audio`. */
  readonly mediaType: 'audio/mp4' | 'video/mp4';
  /** Where requests wait for the first part; with a hold of its own, so apart from the others. */
  readonly start: WaitingPlace;
  readonly #presentation: Presentation;
  readonly #directory: PresentationDirectory;
  #version: number | undefined;
  #playlist: MediaPlaylist | undefined;
  #full: RenderedPlaylist | undefined;
  #delta: RenderedPlaylist | undefined;

  /** @param directory tells whether the presentation is still offered. */
  constructor(feed: RenditionFeed, presentation: Presentation, directory: PresentationDirectory) {
    this.feed = feed;
    this.mediaType = feed.id.startsWith('audio') ? 'audio/mp4' : 'video/mp4';
    this.#presentation = presentation;
    this.#directory = directory;
    this.start = {
      onAdvance: (listener) => feed.onAdvance(listener),
      isAbandoned: () => this.isAbandoned(),
    };
  }

  /** True when the playlist has nothing to show yet; an empty playlist is never served (hls.js refuses it). */
  get isEmpty(): boolean {
    const { segments, open } = this.feed.playlist();
    return segments.length === 0 && (open === undefined || open.parts.length === 0);
  }

  /** The whole playlist as of now. */
  full(): RenderedPlaylist {
    this.#refresh();
    this.#full ??= new RenderedPlaylist(writeMediaPlaylist(this.#current()));
    return this.#full;
  }

  /** The playlist as of now without its oldest segments (§6.2.5.1); the whole one when there is nothing to skip. */
  delta(): RenderedPlaylist {
    this.#refresh();
    if (this.#delta === undefined) {
      const playlist = this.#current();
      const delta = makeDelta(playlist);
      this.#delta = delta === playlist ? this.full() : new RenderedPlaylist(writeMediaPlaylist(delta));
    }
    return this.#delta;
  }

  /** Calls back after every change of the rendition. */
  onAdvance(listener: () => void): () => void {
    return this.feed.onAdvance(listener);
  }

  /** True when the stream is no longer offered, or offers another rendition under this name. */
  isAbandoned(): boolean {
    const offered = this.#directory.presentation(this.#presentation.streamId);
    return offered?.renditions().get(this.feed.id) !== this.feed;
  }

  #refresh(): void {
    if (this.#version === this.feed.version) return;
    this.#version = this.feed.version;
    this.#playlist = undefined;
    this.#full = undefined;
    this.#delta = undefined;
  }

  /** With the reports as of the first rendering of a version: every request that it answers gets the same bytes. */
  #current(): MediaPlaylist {
    if (this.#playlist === undefined) {
      const playlist = this.feed.playlist();
      this.#playlist = playlist.endList ? playlist : { ...playlist, renditionReports: this.#reports() };
    }
    return this.#playlist;
  }

  /** Renditions that list nothing yet have no report: there is nothing in them to ask for. */
  #reports(): readonly RenditionReport[] {
    const reports: RenditionReport[] = [];
    for (const other of this.#presentation.renditions().values()) {
      if (other === this.feed) continue;
      const report = renditionReport(`../${other.id}/index.m3u8`, other.edge, (msn) => other.partCount(msn));
      if (report !== undefined) reports.push(report);
    }
    return reports;
  }
}
