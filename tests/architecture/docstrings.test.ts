import { describe, expect, test } from 'vitest';
import { productFiles } from './source-tree.ts';

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type) (\w+)/;

/** Names of exported declarations without a docstring right above. */
function undocumented(text: string): string[] {
  const lines = text.split('\n');
  const documented = new Set<string>();
  const bare: string[] = [];
  lines.forEach((line, index) => {
    const name = declaration.exec(line)?.[1];
    if (name === undefined) return;
    // An overload is documented by the first of its signatures.
    if (lines[index - 1]?.trimEnd().endsWith('*/') === true) documented.add(name);
    else if (!documented.has(name)) bare.push(name);
  });
  return bare;
}

describe('docstrings', () => {
  test('every exported symbol says what it means', () => {
    const wrong = productFiles().flatMap(({ path, text }) =>
      undocumented(text).map((name) => `${path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing is exported by default', () => {
    const wrong = productFiles().filter(({ text }) => /^export default/m.test(text));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('the scanner sees what it should see', () => {
    expect(
      undocumented('export function a() {}\n/** b. */\nexport const b = 1;\n\nexport type C = 1;'),
    ).toEqual(['a', 'C']);
  });
});
