import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALL_ROUTES } from './all-routes.ts';

test('every file of routes is among them, and every route has an operation, a path and a method of its own', async () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^(?!all-routes)[a-z-]+\.ts$/.test(name));
  const missing: string[] = [];
  for (const file of files) {
    const exported: Record<string, unknown> = await import(
      /* @vite-ignore */ `${import.meta.dirname}/${file}`
    );
    const routes = Object.entries(exported).filter(([name]) => name.endsWith('Routes'));
    for (const [name, group] of routes) {
      const known = Object.values(group as object).every((route) => ALL_ROUTES.includes(route));
      if (!known) missing.push(`${file}: ${name}`);
    }
  }
  expect(missing).toEqual([]);
  const operations = ALL_ROUTES.map(({ operation }) => operation);
  expect(operations.filter((name, at) => operations.indexOf(name) !== at)).toEqual([]);
  const places = ALL_ROUTES.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
  expect(places.filter((place, at) => places.indexOf(place) !== at)).toEqual([]);
});
