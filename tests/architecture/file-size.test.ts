import { describe, expect, test } from 'vitest';
import { filesBelow, productFiles, type SourceFile } from './source-tree.ts';

/** Nobody keeps more than this in mind. */
const hardCap = 500;

/** What most files should stay below. */
const medianCap = 120;

const everything = filesBelow(
  ['packages', 'apps', 'tests', 'bench', 'tools', 'scripts'],
  ['.ts', '.mjs', '.css'],
);

function lines({ text }: SourceFile): number {
  return text.trimEnd().split('\n').length;
}

describe('file size', () => {
  test(`no file has more than ${hardCap} lines`, () => {
    const wrong = everything.filter((file) => lines(file) > hardCap);
    expect(wrong.map((file) => `${file.path}: ${lines(file)}`)).toEqual([]);
  });

  test(`half of the product's files have at most ${medianCap} lines`, () => {
    const sizes = productFiles()
      .map(lines)
      .sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(medianCap);
  });
});

describe('file names', () => {
  test('are kebab-case', () => {
    const wrong = everything.filter(
      ({ path }) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(path.split('/').at(-1) ?? ''),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('name a concept', () => {
    const empty = /^(?:utils?|helpers?|misc|common|managers?|index|types|data|info)$/;
    const wrong = everything.filter(({ path }) =>
      path.split('/').some((word) => empty.test(word.replace(/(?:\.test)?\.\w+$/, ''))),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});
