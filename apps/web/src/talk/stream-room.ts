import { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Player } from '@tallylight/client/player/player.ts';
import { PlaybackHeartbeat } from '@tallylight/client/realtime/playback-heartbeat.ts';
import { RealtimeClient } from '@tallylight/client/realtime/realtime-client.ts';
import { fetchMe } from '../account/session.ts';
import { element, setText } from '../element.ts';
import type { WatchView } from '../watch-view.ts';
import '../fields.css';
import './talk.css';
import { ChatPanel } from './chat-panel.ts';
import type { ChatRules } from './chat-rules.ts';
import { QuestionPanel } from './question-panel.ts';
import { ReactionBar } from './reaction-bar.ts';

/** What stands around the picture of a stream with an audience: chat, reactions, questions, how many watch. */
export class StreamRoom {
  /** To stand beside the picture. */
  readonly side = element('aside', { className: 'side-talk' });
  /** To stand below it. */
  readonly below = element('div', { className: 'below-talk' });
  readonly #client = new RealtimeClient();
  readonly #viewers = element('span', { className: 'viewer-count' });
  readonly #heartbeat: PlaybackHeartbeat;

  private constructor(streamId: string, player: Player) {
    this.#heartbeat = new PlaybackHeartbeat({
      client: this.#client,
      streamId,
      read: () => {
        const { status, transport, latencyMs, stallCount } = player.store.get();
        return {
          isPlaying: status === 'playing',
          transport: transport === 'whep' ? 'webrtc' : 'll-hls',
          stalls: stallCount,
          ...(latencyMs === undefined ? {} : { latencyMs: Math.max(0, latencyMs) }),
        };
      },
    });
    this.#client.on('stream:viewer-count', ({ streamId: of, count }) => {
      if (of === streamId) {
        this.#showViewers(count);
      }
    });
    addEventListener('pagehide', () => {
      this.close();
    });
  }

  /** Puts the audience around a picture that plays: connects, and builds what the stream allows. */
  static async open(streamId: string, view: WatchView): Promise<StreamRoom> {
    const api = new ApiClient();
    const params = { id: streamId };
    const [stream, me] = await Promise.all([api.call('GET /api/streams/:id', { params }), fetchMe()]);
    const room = new StreamRoom(streamId, view.player);
    const client = room.#client;
    const self = { me, isSignedIn: me !== undefined, isModerator: stream.isModerator };
    room.#showViewers(stream.currentViewers);
    if (stream.enableReactions) {
      const reactions = new ReactionBar(client, streamId, self.isSignedIn);
      view.stage.append(reactions.floating);
      room.below.append(reactions.root);
    }
    room.below.append(room.#viewers);
    if (stream.enableChat) {
      const chat = new ChatPanel(api, client, streamId, self);
      room.side.append(chat.root);
      room.#keepChat(chat, streamId, { mode: stream.chatMode, slowModeSeconds: stream.slowModeSeconds });
    }
    const frame = element('div', { className: 'with-talk' });
    view.root.replaceWith(frame);
    frame.append(element('div', {}, view.root, room.below), room.side);
    const questions = stream.enableQa ? new QuestionPanel(api, client, streamId, self) : undefined;
    if (questions !== undefined) {
      frame.append(questions.root);
    }
    client.on('stream:end', ({ streamId: of }) => {
      if (of === streamId) {
        room.below.hidden = true;
        questions?.end();
      }
    });
    client.connect();
    return room;
  }

  /** Leaves. */
  close(): void {
    void this.#heartbeat.close();
    this.#client.close();
  }

  /** What the room is told of its chat, beside the messages. */
  #keepChat(chat: ChatPanel, streamId: string, rules: ChatRules): void {
    let { mode, slowModeSeconds } = rules;
    chat.showRules(rules);
    this.#client.on('stream:updated', ({ streamId: of, stream }) => {
      if (of === streamId) {
        mode = stream.chatMode ?? mode;
        slowModeSeconds = stream.slowModeSeconds ?? slowModeSeconds;
        chat.showRules({ mode, slowModeSeconds });
      }
    });
    this.#client.on('stream:end', ({ streamId: of }) => {
      if (of === streamId) {
        chat.end();
      }
    });
  }

  #showViewers(count: number): void {
    setText(this.#viewers, count === 1 ? '1 viewer' : `${String(count)} viewers`);
  }
}
