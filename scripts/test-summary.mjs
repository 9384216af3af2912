#!/usr/bin/env node
/**
 * Sums up a CI run from a folder: its file `steps` has a line `<exit code> <vitest report or none> <name>` for each step. Counts every
 * test, every step that went well, and every failed step that no failed test explains; names what passed only when tried again. Prints `N passed, N failed, N skipped` as the
 * last line; the exit code is 1 when anything failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const steps = readFileSync(join(folder, 'steps'), 'utf8').trim().split('\n').map(readStep);

const tests = steps.flatMap((step) => step.files.flatMap((file) => file.assertionResults));
const count = (status) => tests.filter((test) => test.status === status).length;
const brokenFiles = steps.flatMap((step) => step.files.filter(isBroken));
const failedSteps = steps.filter(
  (step) => step.status !== 0 && !step.files.some((file) => file.status === 'failed'),
);

// A test that passed and has failures passed when it was tried again.
for (const test of tests.filter((each) => each.status === 'passed' && each.failureMessages?.length > 0))
  console.log(`needed a second try: ${test.fullName}: ${String(test.failureMessages[0]).split('\n')[0]}`);
for (const test of tests.filter((each) => each.status === 'failed')) console.log(`failed: ${test.fullName}`);
for (const file of brokenFiles)
  console.log(`failed: ${file.name} did not load: ${String(file.message).split('\n')[0]}`);
for (const step of failedSteps) console.log(`failed: ${step.name}, with exit code ${step.status}`);

const passed = count('passed') + steps.filter((step) => step.status === 0).length;
const failed = count('failed') + brokenFiles.length + failedSteps.length;
const skipped = count('skipped') + count('pending') + count('todo');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

/** One step and the test files of its report; a step that died before its end has none. */
function readStep(line) {
  const [, status, report, name] = /^(\d+) (\S+) (.*)$/.exec(line);
  const path = join(folder, report);
  const files = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).testResults : [];
  return { status: Number(status), name, files };
}

/** A file that does not even load has no tests to count. */
function isBroken(file) {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}
