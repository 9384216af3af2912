import { expect, test } from 'vitest';
import { newcomerLine } from '../../packages/server/src/cli/newcomer-line.ts';
import { ControlServer } from '../support/control-server.ts';

test.each(['rls', 'plain'] as const)(
  'on a database of nchat’s, %s, the console shows no link to make an administrator, but how people come in',
  async (hostApp) => {
    const server = await ControlServer.start({ hostApp });
    const { plane } = server;
    const line = newcomerLine({
      base: server.url,
      setupToken: plane.setupToken(),
      isHosted: plane.isHosted(),
      hostApp: { issuer: 'nchat', audience: 'live', key: { secret: 'x'.repeat(32) } },
    });
    expect([plane.setupToken(), plane.isHosted()]).toEqual([undefined, true]);
    expect(line).toContain('JWT of the host app');
    expect(line).not.toContain('/setup');
    await server.close();
  },
);
