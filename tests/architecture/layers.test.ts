import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, importsOf, productFiles, root } from './source-tree.ts';

/** What each part may import besides itself: docs/architecture.md in code. A new folder must be entered here. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  media: [],
  // The contract of server and browser: schemas, entities, events, errors.
  protocol: [],
  hls: ['media'],
  client: ['hls', 'protocol'],
  web: ['client', 'protocol'],

  'server/platform': [],
  'server/stream': ['media', 'server/platform'],
  // RTMP below publishing and playing: handshake, chunks, messages, commands.
  'server/rtmp': ['media'],
  // WebRTC: the gateway that the server sees, and the child process behind it.
  'server/rtc-worker': ['media', 'server/platform', 'server/stream'],
  'server/ingest': [
    'media',
    'server/platform',
    'server/stream',
    'server/rtmp',
    'server/rtc-worker',
    'server/http',
    'server/origin',
  ],
  'server/transcode': ['media', 'server/platform', 'server/stream'],
  'server/packager': ['media', 'hls', 'server/platform', 'server/stream'],
  'server/origin': ['media', 'hls', 'server/platform', 'server/stream', 'server/packager'],
  'server/egress': [
    'media',
    'server/platform',
    'server/stream',
    'server/rtmp',
    'server/rtc-worker',
    'server/http',
    'server/origin',
    'server/packager',
  ],
  'server/pipeline': [
    'media',
    'hls',
    'server/platform',
    'server/stream',
    'server/transcode',
    'server/packager',
    'server/origin',
    'server/rtc-worker',
  ],
  'server/http': ['media', 'server/platform', 'server/origin'],
  'server/keys': ['server/platform', 'server/stream'],
  // The control plane. It knows media by the port `LivePort` alone.
  'server/db': ['protocol', 'server/platform'],
  'server/jobs': ['server/platform', 'server/db'],
  'server/api': ['protocol', 'server/platform', 'server/http', 'server/origin'],
  'server/control': [
    'protocol',
    'server/platform',
    'server/db',
    'server/api',
    // Ports that it fills: PublishAuthorizer, ViewerAuthorizer; and how keys are sealed.
    'server/stream',
    'server/packager',
    'server/keys',
  ],
  'server/realtime': ['protocol', 'server/platform', 'server/api', 'server/control'],
  'server/test-card': ['media', 'server/platform', 'server/egress'],
  // The settings take types and defaults from whom they are for.
  'server/config': [
    'server/platform',
    'server/ingest',
    'server/transcode',
    'server/packager',
    'server/origin',
    'server/pipeline',
    'server/http',
    'server/rtc-worker',
    'server/egress',
    'server/db',
    'server/api',
    'server/control',
    'server/realtime',
    'server/assembly',
    'server/jobs',
  ],
  'server/cli': [
    'protocol',
    'server/platform',
    'server/config',
    'server/keys',
    'server/test-card',
    'server/main.ts',
    'server/transcode',
    'server/db',
    'server/control',
    'server/http',
  ],
  // The composition root and its pieces: only here are classes of different folders built.
  'server/assembly': ['*'],
  'server/main.ts': ['*'],
};

/** Parts that run anywhere: no Node, no DOM, no clock. */
const pureParts = ['media', 'hls', 'protocol'];

/** Parts that run in a browser. */
const browserParts = ['client', 'web'];

function partOf(path: string): string {
  const [, name = '', , folder = ''] = path.split('/');
  return name === 'server' ? `server/${folder}` : name;
}

const imports = productFiles().flatMap(importsOf);

function complain(each: Import): string {
  return `${each.from.path} imports ${each.target ?? each.specifier}`;
}

describe('layers', () => {
  test('every part is in the table', () => {
    const parts = new Set(productFiles().map(({ path }) => partOf(path)));
    expect([...parts].filter((part) => mayImport[part] === undefined)).toEqual([]);
  });

  test('a part imports only what the table allows', () => {
    const wrong = imports.filter(({ from, target }) => {
      if (target === undefined) return false;
      const [own, other] = [partOf(from.path), partOf(target)];
      const allowed = mayImport[own] ?? [];
      return own !== other && !allowed.includes(other) && !allowed.includes('*');
    });
    expect(wrong.map(complain)).toEqual([]);
  });

  test('product code imports nothing that only tests use', () => {
    const wrong = imports.filter(
      ({ target }) => target?.includes('/testing/') === true || target?.startsWith('tests/') === true,
    );
    expect(wrong.map(complain)).toEqual([]);
  });

  test('media and hls import nothing from Node, and browser code neither', () => {
    const wrong = imports.filter(
      ({ from, specifier }) =>
        [...pureParts, ...browserParts].includes(partOf(from.path)) && specifier.startsWith('node:'),
    );
    expect(wrong.map(complain)).toEqual([]);
  });

  test('media and hls know neither Buffer, nor process, nor DOM, nor a clock', () => {
    const forbidden =
      /\b(?:Buffer\.|process\.|document\.|window\.|Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|console\.)/;
    const wrong = productFiles()
      .filter(({ path }) => pureParts.includes(partOf(path)))
      .flatMap(({ path, text }) => {
        const found = forbidden.exec(withoutComments(text));
        return found === null ? [] : [`${path} uses ${found[0]}`];
      });
    expect(wrong).toEqual([]);
  });

  test('a package of the registry is a dependency of the package that imports it', () => {
    const wrong = imports.filter(({ from, specifier, target }) => {
      if (target !== undefined || specifier.startsWith('node:')) return false;
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      return !dependenciesOf(from.path).has(name);
    });
    expect(wrong.map(complain)).toEqual([]);
  });
});

describe('child processes', () => {
  test('nothing is ever run through a shell', () => {
    const forbidden = /shell:\s*true|(?<![.\w])exec(?:Sync)?\(/;
    const wrong = productFiles().filter(
      ({ text }) => /node:child_process/.test(text) && forbidden.test(withoutComments(text)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

function dependenciesOf(path: string): Set<string> {
  const folder = path.split('/').slice(0, 2).join('/');
  const manifest: unknown = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('dependencies' in manifest)) return new Set();
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
