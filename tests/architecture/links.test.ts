import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, root, type SourceFile } from './source-tree.ts';

const documents: readonly SourceFile[] = [
  ...['README.md', 'CONTRIBUTING.md'].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  ...filesBelow(['docs', 'bench', 'packages', 'apps'], ['.md']),
];

/** Targets of links and images, without those inside code. */
function linksOf({ text }: SourceFile): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1] ?? '');
}

/** The anchors that headings get on GitHub. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

function isDead(document: SourceFile, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return false;
  const [path = '', anchor] = link.split('#');
  const target =
    path === '' ? join(root, document.path) : join(root, dirname(document.path), decodeURIComponent(path));
  if (!existsSync(target)) return true;
  return (
    anchor !== undefined && statSync(target).isFile() && !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
  );
}

describe('links in documents', () => {
  test('every relative link leads somewhere', () => {
    const dead = documents.flatMap((document) =>
      linksOf(document)
        .filter((link) => isDead(document, link))
        .map((link) => `${document.path} → ${link}`),
    );
    expect(dead).toEqual([]);
  });

  test('no link leaves the repository for a path of one machine', () => {
    const wrong = documents.flatMap((document) =>
      linksOf(document)
        .filter((link) => link.startsWith('/') || link.startsWith('file:'))
        .map((link) => `${document.path} → ${link}`),
    );
    expect(wrong).toEqual([]);
  });
});
