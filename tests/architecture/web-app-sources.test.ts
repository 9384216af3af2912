import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, productFiles, root } from './source-tree.ts';

test('a change in any package that the web app is made of means a new build', () => {
  const files = new Map(productFiles().map((file) => [file.path, file]));
  const reached = new Set([...files.keys()].filter((path) => path.startsWith('apps/web/')));
  for (const path of reached) {
    const file = files.get(path);
    for (const { target } of file === undefined ? [] : importsOf(file)) {
      if (target !== undefined) reached.add(target);
    }
  }
  const folders = new Set([...reached].map((path) => path.split('/').slice(0, 2).join('/')));
  const script = readFileSync(join(root, 'scripts/setup/web-app.mjs'), 'utf8');
  const sources = /const sources = \[([^\]]*)\]/.exec(script)?.[1] ?? '';
  expect([...folders]).toEqual(
    expect.arrayContaining(['apps/web', 'packages/client', 'packages/hls', 'packages/protocol']),
  );
  expect([...folders].filter((folder) => !sources.includes(`'${folder}'`))).toEqual([]);
});
