import { parseIceServers } from '@tallylight/client/ice-servers.ts';
import { element, setText } from '../element.ts';
import { type NetworkVerdict, turnVerdict, udpVerdict, uploadVerdict } from './network-verdict.ts';
import { probeUdp } from './udp-probe.ts';
import { measureUpload } from './upload-estimate.ts';
import './network-test.css';

/** One line of the page: what is tested, how it went, and what to do. */
class ResultRow {
  readonly root = element('li', { className: 'result' });
  readonly #badge = element('span', { className: 'verdict' });
  readonly #words = element('p');

  constructor(name: string) {
    this.root.append(
      element('div', { className: 'result-head' }, element('h2', { text: name }), this.#badge),
      this.#words,
    );
  }

  wait(words: string): void {
    this.root.dataset['tone'] = 'none';
    setText(this.#badge, 'Testing');
    setText(this.#words, words);
  }

  show(verdict: NetworkVerdict): void {
    this.root.dataset['tone'] = verdict.tone;
    setText(this.#badge, verdict.badge);
    setText(this.#words, verdict.words);
  }
}

/** The page that tests the way between this browser and the server, and says what to do about it. */
export class NetworkTestPage {
  /** To be placed by the page. */
  readonly root = element('article', { className: 'network-test' });
  readonly #udp = new ResultRow('UDP');
  readonly #turn = new ResultRow('TURN relay');
  readonly #upload = new ResultRow('Upload');
  readonly #again = element('button', { className: 'button primary', text: 'Test again' });
  readonly #closing = new AbortController();

  constructor() {
    const results = element(
      'ul',
      { className: 'results' },
      this.#udp.root,
      this.#turn.root,
      this.#upload.root,
    );
    results.setAttribute('aria-live', 'polite');
    this.root.append(
      element('h1', { text: 'Network test' }),
      element('p', {
        className: 'lead',
        text: 'Whether this network lets you go live from the browser and watch with ultra-low latency.',
      }),
      results,
      this.#again,
    );
    this.#again.addEventListener('click', () => {
      void this.#run();
    });
    void this.#run();
  }

  /** Ends a test that is under way. */
  close(): void {
    this.#closing.abort();
    this.root.remove();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    this.#again.disabled = true;
    this.#udp.wait('Sending to the server by UDP.');
    this.#turn.wait('Looking for a way by relay.');
    this.#upload.wait('Waits for the tests above.');
    try {
      await this.#testWays(signal);
      this.#upload.wait('Sending for three seconds.');
      this.#upload.show(uploadVerdict(await measureUpload('/api/network-test/upload', signal)));
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    } finally {
      this.#again.disabled = false;
    }
  }

  async #testWays(signal: AbortSignal): Promise<void> {
    const iceServers = await fetchIceServers(signal);
    const hasTurn = iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
    const probe = { url: '/api/network-test/probe', iceServers, signal };
    const [udp, turn] = await Promise.all([
      // Without the relays, for the direct way is what this is about.
      probeUdp({ ...probe, iceServers: [], relayOnly: false }),
      hasTurn ? probeUdp({ ...probe, relayOnly: true }) : undefined,
    ]);
    this.#turn.show(turnVerdict(turn, udp.outcome === 'reached'));
    this.#udp.show(udpVerdict(udp, turn?.outcome === 'reached'));
  }
}

async function fetchIceServers(signal: AbortSignal): Promise<RTCIceServer[]> {
  try {
    const response = await fetch('/api/ice-servers', { cache: 'no-store', signal });
    return response.ok ? parseIceServers(await response.json()) : [];
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
