import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** The folder of the repository. */
export const root = join(import.meta.dirname, '..', '..');

/** A source file: its path below the repository with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import, re-export or dynamic import as it stands in a file. */
export interface Import {
  readonly from: SourceFile;
  readonly specifier: string;
  /** Path below the repository that a relative or workspace specifier means; absent for packages of the registry and of Node. */
  readonly target?: string;
}

const skipped = new Set(['node_modules', 'dist', '.git', '.cache', 'data', 'fixtures', 'coverage']);

/** Every file below some folders whose name ends in one of `extensions`. */
export function filesBelow(folders: readonly string[], extensions: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => pathsBelow(join(root, folder)))
    .filter((path) => extensions.some((extension) => path.endsWith(extension)))
    .map((path) => ({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }));
}

/** Everything that is shipped or shared: no tests, and nothing that only tests use. */
export function productFiles(): SourceFile[] {
  return filesBelow(['packages', 'apps'], ['.ts']).filter(
    ({ path }) => path.includes('/src/') && !isTestFile(path),
  );
}

/** True for a test and for what lies in a `testing` folder. */
export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/testing/');
}

/** Every import of a file, static or dynamic, of values or of types. */
export function importsOf(from: SourceFile): Import[] {
  const pattern =
    /(?:^|\n|;)\s*(?:import|export)\b[^'"`;]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;
  return [...from.text.matchAll(pattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const target = targetOf(from.path, specifier);
    return target === undefined ? { from, specifier } : { from, specifier, target };
  });
}

function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier)).replaceAll('\\', '/');
  const workspace = /^@tallylight\/([^/]+)\/(.+)$/.exec(specifier);
  return workspace === null ? undefined : `packages/${workspace[1]}/src/${workspace[2]}`;
}

function pathsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pathsBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
