import { expect, test } from 'vitest';
import { tuneOffer } from './tune-offer.ts';

test('Opus is offered with resending, once', () => {
  const offer = 'v=0\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=rtpmap:9 G722/8000\r\n';
  const tuned = tuneOffer(offer);
  expect(tuned).toBe(
    'v=0\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack\r\na=rtcp-fb:111 transport-cc\r\na=rtpmap:9 G722/8000\r\n',
  );
  expect(tuneOffer(tuned)).toBe(tuned);
});
