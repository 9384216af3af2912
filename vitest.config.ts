import { defineConfig } from 'vitest/config';

/** Tests beside the source: quick, in parallel, on loopback at most. `*.process.test.ts` start FFmpeg or take long. */
const quick = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  // Files of one worker share its modules: importing them anew for each file took twice as long as the tests. So a test puts back what it
  // changes of the process; what Vitest itself changed for it is put back here.
  isolate: false,
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
};

/** Tests that start servers, FFmpeg and browsers: one file at a time, because they measure time. */
const slow = {
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 60_000,
  teardownTimeout: 20_000,
  sequence: { groupOrder: 2 },
};

/** Of those, the ones whose result does not hang on time: two files at once. They mostly wait: for limits, pages, crashes, encoders. */
const patient = [
  'tests/{security,fuzz}/**/*.test.ts',
  'tests/conformance/{cache,cold-start,delta-update,end,eviction,gaps,gop,headers,multivariant,rendition-report,restart}.test.ts',
  'tests/integration/{foreign-clients,foreign-whip,ladder,udp-proxy}.test.ts',
  'tests/e2e/{product,studio-limits,studio-portrait,studio-sources,turn}.test.ts',
  'tests/e2e/product/**/*.test.ts',
  'tests/faults/chat-crash*.test.ts',
  'packages/media/**/*.process.test.ts',
  'packages/server/src/{control,transcode,ingest/rtmp,ingest/network-test}/**/*.process.test.ts',
  'packages/server/src/rtc-worker/*.process.test.ts',
  'packages/server/src/pipeline/{quality-preset,frame-rate-limit}.process.test.ts',
  'packages/server/src/egress/whep/whep-browser.process.test.ts',
  'packages/server/src/ingest/whip/ice-servers.process.test.ts',
];

/**
 * How often a test that failed may try again: none, but in CI, where a machine that others use too may stand still for seconds. The
 * summary of a CI run names every test that needed it.
 */
const retry = Number(process.env['TEST_RETRIES'] ?? 0);

/** Where CI wants the results as JSON, for the sum at its end. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/**/src/**/*.test.ts',
            'apps/**/src/**/*.test.ts',
            'tools/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/*.process.test.ts', '**/*.database.test.ts', '**/node_modules/**'],
          ...quick,
        },
      },
      { test: { name: 'architecture', include: ['tests/architecture/**/*.test.ts'], ...quick } },
      {
        // Against a real PostgreSQL: what TEST_DATABASE_URL names, else the embedded one, started once for all files.
        test: {
          name: 'database',
          include: ['packages/server/src/**/*.database.test.ts', 'tests/database/**/*.test.ts'],
          globalSetup: ['tests/support/test-postgres.ts'],
          // They wait more than they compute. Before the slow ones, which measure time and want the machine for themselves.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry,
        },
      },
      {
        test: {
          name: 'patient',
          include: patient,
          exclude: ['**/node_modules/**'],
          ...slow,
          fileParallelism: true,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          retry,
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            'packages/**/src/**/*.process.test.ts',
            'tests/{integration,conformance,e2e,faults}/**/*.test.ts',
          ],
          exclude: [...patient, '**/node_modules/**'],
          ...slow,
          retry,
        },
      },
      {
        test: {
          name: 'long',
          include: ['tests/long/**/*.test.ts'],
          ...slow,
          testTimeout: 1_800_000,
        },
      },
    ],
  },
});
