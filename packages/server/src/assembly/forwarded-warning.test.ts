import { expect, test } from 'vitest';
import { ClientAddresses } from '../http/address.ts';
import { silentLogger } from '../platform/logger.ts';
import { warningOfProxies } from './forwarded-warning.ts';

function asked(
  trusted: readonly string[],
  requests: readonly (readonly [peer: string, forwarded?: string])[],
) {
  const warnings: unknown[] = [];
  const log = { ...silentLogger, warn: (...said: unknown[]) => warnings.push(said) } as never;
  const addresses = new ClientAddresses(trusted);
  const of = warningOfProxies(
    ({ headers, socket }) =>
      addresses.of({ headers: { 'x-forwarded-for': headers['x-forwarded-for'] }, socket }),
    log,
  );
  const found = requests.map(([remoteAddress, forwarded]) =>
    of({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }),
  );
  return { found, warnings: warnings.length };
}

test('a proxy of this machine that nobody trusts is warned of, once', () => {
  expect(
    asked(
      [],
      [
        ['127.0.0.1', '192.0.2.1'],
        ['::1', '192.0.2.1'],
        ['127.0.0.1', '192.0.2.2'],
      ],
    ),
  ).toEqual({
    found: ['127.0.0.1', '0:0:0:0::/64', '127.0.0.1'],
    warnings: 1,
  });
});

test('neither requests without the header, nor other machines’, nor a trusted proxy’s are warned of', () => {
  expect(asked([], [['127.0.0.1'], ['192.0.2.9', '192.0.2.1']]).warnings).toBe(0);
  expect(asked(['127.0.0.1'], [['127.0.0.1', '192.0.2.1']])).toEqual({ found: ['192.0.2.1'], warnings: 0 });
});
