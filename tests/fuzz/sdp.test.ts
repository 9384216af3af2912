import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { negotiateEgress } from '@tallylight/media/sdp/answer-egress.ts';
import { negotiateIngest } from '@tallylight/media/sdp/answer-ingest.ts';
import type { AnswerTransport } from '@tallylight/media/sdp/answer-transport.ts';
import { hostCandidate } from '@tallylight/media/sdp/ice-candidate.ts';
import { readSdp } from '@tallylight/media/sdp/read-sdp.ts';
import { SdpError } from '@tallylight/media/sdp/sdp-error.ts';
import type { SessionDescription } from '@tallylight/media/sdp/session-description.ts';
import { OFFERS, offerText } from '@tallylight/media/sdp/testing/offers.ts';
import { writeSdp } from '@tallylight/media/sdp/write-sdp.ts';
import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { describe, expect, test } from 'vitest';

/** `FUZZ_SEED` repeats a run, `FUZZ_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['FUZZ_CASES'] ?? 20_000);
/** No offer may take the processor for longer. */
const MAX_CASE_MS = 50;
/** One that did is judged again so often, and its least time counts: compiling and collecting come now and then, its own work each time. */
const SLOW_TRIES = 5;

const transport: AnswerTransport = {
  origin: 'rtc 1 0 IN IP4 127.0.0.1',
  iceUfrag: 'ours',
  setup: 'passive',
  icePwd: 'ourPasswordIsThisLong22',
  fingerprint: { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') },
  candidates: [hostCandidate('192.0.2.200', 8189, 0)],
};

const corpus = OFFERS.map(offerText);
const allLines = corpus.flatMap((text) => text.split('\r\n'));
/** What makes parsers stumble. */
const ODDITIES = [
  '',
  '-1',
  '0',
  '4294967296',
  '99999999999999999999',
  'NaN',
  '*',
  '__proto__',
  'constructor',
  '\u0000',
  '\r',
  '\n',
  '\ud800',
  '\u2028',
  ' '.repeat(2000),
  ';'.repeat(2000),
  'a'.repeat(70_000),
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=simulcast:send ;,~;~,',
];

describe('fuzz: SDP', () => {
  test('whatever an offer says, it is answered or refused with an SdpError', () => {
    let answered = 0;
    let refused = 0;
    for (let i = 0; i < CASES; i++) {
      const seed = SEED + i;
      const text = mutated(new SeededRandom(seed));
      try {
        const { isAnswered, tookMs } = timed(text);
        if (isAnswered) answered++;
        else refused++;
        if (tookMs >= MAX_CASE_MS) ok(leastMs(text) < MAX_CASE_MS, `it took ${tookMs} ms, and no less again`);
      } catch (error) {
        throw new Error(`FUZZ_SEED=${seed} FUZZ_CASES=1 repeats it`, { cause: error });
      }
    }
    expect(answered + refused).toBe(CASES);
    if (CASES < 1000) return;
    // Neither side of the fence is empty, or the mutations are too weak or too strong.
    expect(answered).toBeGreaterThan(CASES / 20);
    expect(refused).toBeGreaterThan(CASES / 20);
  });
});

/** Judges the offer, and tells the milliseconds of the processor that it took. */
function timed(text: string): { readonly isAnswered: boolean; readonly tookMs: number } {
  const startUs = cpuUs();
  const isAnswered = judge(text);
  return { isAnswered, tookMs: (cpuUs() - startUs) / 1000 };
}

function leastMs(text: string): number {
  return Math.min(...Array.from({ length: SLOW_TRIES }, () => timed(text).tookMs));
}

/** True when it was answered. Throws for anything but an SdpError, and when an answer is not what it must be. */
function judge(text: string): boolean {
  const offer = orRefused(() => readSdp(text));
  if (offer === undefined) return false;
  const written = writeSdp(offer);
  strictEqual(writeSdp(readSdp(written)), written);
  const ingest = orRefused(() => negotiateIngest(offer));
  if (ingest !== undefined) checkAnswer(offer, ingest.answer(transport), ingest.nativeOffer);
  const egress = orRefused(() => negotiateEgress(offer, 'avc1.42c01f'));
  const streams = { cname: 'c', streamId: 's', videoSsrc: 1, audioSsrc: 2 };
  if (egress !== undefined) checkAnswer(offer, egress.answer(transport, streams), egress.nativeOffer);
  return ingest !== undefined || egress !== undefined;
}

/** Time of the processor, which does not count what other processes take. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function orRefused<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof SdpError) return undefined;
    throw error;
  }
}

function checkAnswer(offer: SessionDescription, answerText: string, nativeOffer: string): void {
  const answer = readSdp(answerText);
  const kinds = ({ media }: SessionDescription): string => media.map(({ kind }) => kind).join(' ');
  strictEqual(kinds(answer), kinds(offer));
  const taken = answer.media.filter(({ port }) => port !== 0);
  ok(taken.length === 1 || (taken.length === 2 && taken[0]?.kind !== taken[1]?.kind));
  for (const [index, { payloadTypes, fingerprint, setup, candidates }] of taken.entries()) {
    ok(payloadTypes.length > 0);
    deepStrictEqual([fingerprint, setup], [transport.fingerprint, 'passive']);
    deepStrictEqual(candidates, index === 0 ? transport.candidates : []);
  }
  // What the native library gets: one section, and nowhere to aim at.
  const native = readSdp(nativeOffer);
  strictEqual(native.media.length, 1);
  strictEqual(native.media[0]?.setup, 'active');
  ok(!nativeOffer.includes('a=candidate'));
}

/** An offer with a few faults: in its lines, its words or its characters. */
function mutated(random: SeededRandom): string {
  const lines = random.pick(corpus).split('\r\n');
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    switch (random.below(8)) {
      case 0:
        lines.splice(at, 1 + random.below(3));
        break;
      case 1:
        lines.splice(at, 0, ...Array.from({ length: 1 + random.below(30) }, () => line));
        break;
      case 2:
        lines.splice(at, 0, random.pick(allLines));
        break;
      case 3:
        lines[at] = line.slice(0, random.below(line.length + 1));
        break;
      case 4: {
        const words = line.split(/([ :/;=])/);
        words[random.below(words.length)] = random.pick(ODDITIES);
        lines[at] = words.join('');
        break;
      }
      case 5:
        lines[at] = new TextDecoder().decode(random.mutate(new TextEncoder().encode(line)));
        break;
      case 6:
        lines[at] = line + random.pick(ODDITIES);
        break;
      default: {
        const other = random.below(lines.length);
        [lines[at], lines[other]] = [lines[other] ?? '', line];
      }
    }
  }
  return lines.join('\r\n');
}
