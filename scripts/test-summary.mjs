#!/usr/bin/env node
/**
 * Sums up a CI run: every test of the vitest reports (`*.json`) in a folder, and every step of its `steps` file (`<exit code> <name>`)
 * that no failed test explains. Prints `N passed, N failed, N skipped` as the last line; the exit code is 1 when anything failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const reports = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
const steps = readFileSync(join(folder, 'steps'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => ({ ok: line.startsWith('0 '), name: line.slice(line.indexOf(' ') + 1) }));

const tests = reports.flatMap((report) => report.testResults.flatMap((file) => file.assertionResults));
const count = (status) => tests.filter((test) => test.status === status).length;
// A file that does not even load has no tests to count.
const brokenFiles = reports
  .flatMap((report) => report.testResults)
  .filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
const failedSteps = steps.filter((step) => !step.ok);

for (const test of tests.filter((each) => each.status === 'failed')) console.log(`failed: ${test.fullName}`);
for (const file of brokenFiles)
  console.log(`failed: ${file.name} did not load: ${String(file.message).split('\n')[0]}`);
for (const step of failedSteps) console.log(`failed: ${step.name}`);

const passed = count('passed') + steps.length - failedSteps.length;
const failed = count('failed') + brokenFiles.length + failedSteps.length;
const skipped = count('skipped') + count('pending') + count('todo');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
