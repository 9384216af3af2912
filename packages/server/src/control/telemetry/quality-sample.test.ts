import { expect, test } from 'vitest';
import type { LiveFigures } from '../live-port.ts';
import { qualitySample } from './quality-sample.ts';

const figures: LiveFigures = { publishing: true, startedAtMs: 0, droppedFrames: 0, warnings: [] };

function sample(changes: Partial<LiveFigures>): ReturnType<typeof qualitySample> {
  return qualitySample({
    streamId: '0190b0d4-0000-7000-8000-000000000000',
    recordedAtMs: 0,
    figures: { ...figures, ...changes },
    ...{ droppedBefore: undefined, viewers: 0, connections: 0, latencyMs: undefined },
  });
}

test('what the broadcaster should mend stands in the sample, in words, and nothing when there is nothing', () => {
  const warnings = [{ code: 'source-above-resolution', message: 'Your picture is 3840×2160.' }];
  expect(sample({ warnings }).warnings).toEqual(warnings);
  expect(sample({})).not.toHaveProperty('warnings');
});
