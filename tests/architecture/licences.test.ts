import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './source-tree.ts';

/** Licences that ask for no more than a notice, or for changes to the very files that they cover. */
const permissive = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'MPL-2.0',
  // As node-datachannel writes it.
  'MPL 2.0',
  'CC0-1.0',
  'BlueOak-1.0.0',
  'Unlicense',
  'Python-2.0',
  'Zlib',
]);

/**
 * sharp's native half: libvips and what it is linked with, as shared libraries of their own that anybody may replace. The LGPL asks for no
 * more than that, and nothing of it is in our code. Every other Node library for images has the same inside, or is far slower.
 */
const sharedLibraries = /^node_modules\/@img\/sharp-(?:libvips-|wasm32$|win32-)/;

/** Packages whose manifest is too old for the field that npm copies into the lock file, with what their LICENSE says. */
const readByHand: Readonly<Record<string, string>> = {
  'node_modules/dom-walk': 'MIT',
  'node_modules/xmlhttprequest-ssl': 'MIT',
};

interface LockedPackage {
  readonly link?: boolean;
  readonly license?: string;
}

/** True when an SPDX expression of AND, OR and brackets leaves a way to comply with permissive licences alone. */
function isPermissive(expression: string): boolean {
  const bare = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isPermissive);
  if (bare.includes(' AND ')) return bare.split(' AND ').every(isPermissive);
  return permissive.has(bare);
}

describe('licences', () => {
  test('every dependency is permissive', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, LockedPackage>;
    };
    const wrong = Object.entries(lock.packages)
      .filter(([, { link }]) => link !== true)
      .map(([path, { license }]) => ({ path, license: license ?? readByHand[path] ?? 'no licence' }))
      .filter(({ license }) => !isPermissive(license))
      .map(({ path, license }) => `${path}: ${license}`)
      .filter(
        (each) => !(sharedLibraries.test(each.split(': ')[0] ?? '') && each.includes('LGPL-3.0-or-later')),
      );
    expect(wrong).toEqual([]);
  });

  test('the project is Apache-2.0', () => {
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toMatch(
      /Apache License\s+Version 2\.0, January 2004/,
    );
  });

  test('expressions are read as SPDX means them', () => {
    expect(isPermissive('(MIT OR GPL-3.0-only)')).toBe(true);
    expect(isPermissive('MIT AND GPL-2.0-only')).toBe(false);
    expect(isPermissive('AGPL-3.0-only')).toBe(false);
  });
});
