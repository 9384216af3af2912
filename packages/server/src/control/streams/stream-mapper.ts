import {
  chatMode,
  type Stream,
  streamQuality,
  streamStatus,
  visibility,
} from '@tallylight/protocol/entities/stream.ts';
import type { ManagedStreams } from '../watching/managed-streams.ts';
import type { StreamRow } from './stream-row.ts';

/** Where this server is reached. */
export interface StreamUrls {
  /** Of the web server, without a slash at the end, such as `https://live.example.org`. */
  readonly origin: string;
  /** RTMP server for encoders, without the key, such as `rtmp://live.example.org:1935/live`. */
  readonly ingestUrl: string;
  /** What playlists' paths begin with, such as the address of a CDN. Default empty: the page's own origin. */
  readonly mediaBase?: string;
}

/** Makes of a row what the API and the events give out. */
export class StreamMapper {
  readonly #urls: StreamUrls;
  readonly #streams: ManagedStreams;
  readonly #reconnectWindowMs: number;

  /** @param options.reconnectWindowMs for streams without a window of their own. */
  constructor(options: {
    readonly urls: StreamUrls;
    readonly streams: ManagedStreams;
    readonly reconnectWindowMs: number;
  }) {
    this.#urls = options.urls;
    this.#streams = options.streams;
    this.#reconnectWindowMs = options.reconnectWindowMs;
  }

  /** Path of a stream's multivariant playlist; with a token where one is needed. */
  manifestUrl(streamId: string, token?: string): string {
    const below = token === undefined ? '' : `t/${token}/`;
    return `${this.#urls.mediaBase ?? ''}/hls/${below}${streamId}/index.m3u8`;
  }

  /** A stream's WHEP resource. */
  whepUrl(streamId: string): string {
    return `${this.#urls.mediaBase ?? ''}/whep/${streamId}`;
  }

  /** The page where a stream is watched, in full. */
  pageUrl(streamId: string): string {
    return `${this.#urls.origin}/watch/${streamId}`;
  }

  /** Where encoders publish. */
  get publishUrls(): { readonly ingestUrl: string; readonly whipUrl: string } {
    return { ingestUrl: this.#urls.ingestUrl, whipUrl: `${this.#urls.origin}/whip` };
  }

  /** With `owner`, the masked key and the addresses to publish to are in it. Without, it may be told to everybody who sees the stream. */
  toStream(row: StreamRow, { owner }: { readonly owner: boolean }): Stream {
    const status = streamStatus.parse(row.status);
    const isPublishing = this.#streams.get(row.id)?.isPublishing ?? false;
    const windowSeconds = row.reconnect_window_seconds ?? Math.round(this.#reconnectWindowMs / 1000);
    return {
      id: row.id,
      channelId: row.channel_id,
      broadcasterId: row.broadcaster_id,
      title: row.title,
      ...present('description', row.description),
      ...present('thumbnailUrl', row.thumbnail_url),
      ...present('scheduledAt', row.scheduled_at?.toISOString()),
      ...present('startedAt', row.started_at?.toISOString()),
      ...present('endedAt', row.ended_at?.toISOString()),
      status,
      isPublishing,
      isReconnecting: status === 'live' && !isPublishing,
      ...(owner ? { ...present('streamKey', row.key_mask), ...this.publishUrls } : {}),
      hlsManifestUrl: this.manifestUrl(row.id),
      maxResolution: streamQuality.parse(row.max_resolution),
      bitrateKbps: row.bitrate_kbps,
      fps: row.fps,
      isRecorded: row.is_recorded,
      ...present('recordingUrl', row.recording_url),
      ...present('recordingDurationSeconds', row.recording_duration_seconds),
      currentViewerCount: row.current_viewers,
      currentViewers: row.current_viewers,
      peakViewerCount: row.peak_viewer_count,
      totalViewCount: row.total_view_count,
      totalChatMessages: row.total_chat_messages,
      totalReactions: row.total_reactions,
      enableChat: row.enable_chat,
      enableReactions: row.enable_reactions,
      enableQa: row.enable_qa,
      chatMode: chatMode.parse(row.chat_mode),
      slowModeSeconds: row.slow_mode_seconds,
      waitingRoom: row.waiting_room,
      visibility: visibility.parse(row.visibility),
      autoStart: row.auto_start,
      reconnectWindowSeconds: windowSeconds,
      tags: row.tags,
      language: row.language,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

function present<K extends string, V>(name: K, value: V | null | undefined): { [key in K]?: V } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
