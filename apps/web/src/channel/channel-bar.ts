import type { ApiClient } from '@tallylight/client/api/api-client.ts';
import type { Channel } from '@tallylight/protocol/entities/channel.ts';
import { failureWords } from '../account/account-form.ts';
import { element, setText } from '../element.ts';
import './channel.css';
import { NotificationBell } from './notification-bell.ts';

/** Whose stream it is, how many follow, and the way to follow: for who did not sign in by way of the sign-in page and back. */
export class ChannelBar {
  /** To be placed by the page. */
  readonly root = element('div', { className: 'channel-bar' });
  readonly #api: ApiClient;
  readonly #id: string;
  readonly #count = element('span', { className: 'hint' });
  readonly #follow = element('button', { className: 'button' });
  readonly #notice = element('p', { className: 'warning', hidden: true });
  readonly #bell: NotificationBell;
  #isFollowing: boolean;

  private constructor(api: ApiClient, channel: Channel, isSignedIn: boolean) {
    this.#api = api;
    this.#id = channel.id;
    this.#isFollowing = channel.isFollowing;
    this.#bell = new NotificationBell(api, channel.id, channel.name);
    this.#notice.setAttribute('role', 'alert');
    const about = element(
      'div',
      { className: 'channel-about' },
      element('b', {}, element('bdi', { text: channel.name })),
      this.#count,
    );
    this.root.append(about);
    if (!isSignedIn) {
      const link = element('a', { className: 'button', text: 'Follow' });
      link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
      link.setAttribute('aria-label', `Sign in to follow ${channel.name}`);
      this.root.append(link);
    } else if (channel.role !== 'owner') {
      this.#follow.setAttribute('aria-label', `Follow ${channel.name}`);
      this.#follow.addEventListener('click', () => {
        void this.#toggle();
      });
      const tools = element('div', { className: 'channel-tools' }, this.#follow, this.#bell.button);
      this.root.append(tools, this.#bell.panel, this.#notice);
    }
    this.#show(channel.followerCount);
  }

  /** Asks for the channel; undefined when there is none to be seen, or no answer: the picture needs neither. */
  static async open(api: ApiClient, channelId: string, isSignedIn: boolean): Promise<ChannelBar | undefined> {
    const channel = await api
      .call('GET /api/channels/:id', { params: { id: channelId } })
      .catch(() => undefined);
    return channel === undefined ? undefined : new ChannelBar(api, channel, isSignedIn);
  }

  async #toggle(): Promise<void> {
    this.#notice.hidden = true;
    this.#follow.disabled = true;
    const params = { id: this.#id };
    try {
      const now = this.#isFollowing
        ? await this.#api.call('DELETE /api/channels/:id/follow', { params })
        : await this.#api.call('POST /api/channels/:id/follow', { params });
      this.#isFollowing = now.isFollowing;
      this.#show(now.followerCount);
    } catch (error) {
      setText(this.#notice, failureWords(error));
      this.#notice.hidden = false;
    }
    this.#follow.disabled = false;
    this.#follow.focus();
  }

  #show(followers: number): void {
    setText(this.#count, followersWords(followers));
    setText(this.#follow, this.#isFollowing ? 'Following' : 'Follow');
    this.#follow.setAttribute('aria-pressed', String(this.#isFollowing));
    this.#follow.classList.toggle('primary', !this.#isFollowing);
    this.#bell.show(this.#isFollowing);
  }
}

/** "1 follower", "1,204 followers". */
export function followersWords(count: number): string {
  return count === 1 ? '1 follower' : `${count.toLocaleString()} followers`;
}
