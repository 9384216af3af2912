import type { SignInOptions } from '@tallylight/protocol/entities/account.ts';

/** What the sign-in page can offer; undefined where the server has no accounts (`ROLE=media`) or does not answer. */
export async function fetchSignInOptions(): Promise<SignInOptions | undefined> {
  const response = await fetch('/api/sign-in-options', { cache: 'no-store' }).catch(() => undefined);
  return response?.ok === true ? ((await response.json()) as SignInOptions) : undefined;
}
