import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, type Seat, shows } from './seat.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

test('a person keeps passkeys, tokens, password and sessions on the account page, and leaves by it', async () => {
  const [seat, other] = [await desk.sitDown(), await desk.sitDown()];
  const { page } = seat;
  await giveAuthenticator(seat);
  const { email, password } = await seat.signUp('Anna', '/account');
  await shows(page.locator('.account-page'), email);

  const passkeys = panel(seat, 'Passkeys');
  await shows(passkeys, 'No passkeys yet.');
  await passkeys.getByLabel('Name of this device').fill('My laptop');
  await passkeys.getByRole('button', { name: 'Add a passkey' }).click();
  await shows(passkeys.locator('li'), 'My laptop');
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await page.waitForURL(/sign-in/);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(`${desk.url}/account`);

  const tokens = panel(seat, 'API tokens');
  await tokens.getByLabel('What it is for').fill('A script');
  await tokens.getByRole('button', { name: 'Make a token' }).click();
  const token = await tokens.locator('.secret code').innerText();
  const asScript = async (): Promise<number> =>
    (await fetch(`${desk.url}/api/me`, { headers: { Authorization: `Bearer ${token}` } })).status;
  expect(await asScript()).toBe(200);
  await page.reload();
  await shows(tokens.locator('li'), 'A script');
  expect(await tokens.innerText()).not.toContain(token);
  await tokens.getByRole('button', { name: 'Revoke token A script' }).click();
  await shows(tokens, 'No tokens yet.');
  expect(await asScript()).toBe(401);

  const secret = panel(seat, 'Password');
  const change = async (now: string): Promise<void> => {
    await secret.getByLabel('Password now').fill(now);
    await secret.getByLabel('New password').fill('quite another password');
    await secret.getByRole('button', { name: 'Change the password' }).click();
  };
  await change('not the password');
  await shows(secret.locator('.warning'), /password/i);
  await change(password);
  await shows(secret, 'Your password is changed.');

  await other.goTo('/sign-in?next=/account');
  const form = other.page.locator('.panel').first();
  await form.locator('[name=email]').fill(email);
  await form.locator('[name=password]').fill('quite another password');
  await form.getByRole('button', { name: 'Sign in', exact: true }).click();
  await other.page.waitForURL(`${desk.url}/account`);
  await page.reload();
  const sessions = panel(seat, 'Where you are signed in');
  await shows(sessions, 'Here');
  await sessions.getByRole('button', { name: 'Sign out Chrome on Linux' }).click();
  await expect.poll(() => sessions.locator('li').count()).toBe(1);
  await other.page.reload();
  await other.page.waitForURL(/sign-in/);

  await passkeys.getByRole('button', { name: 'Remove passkey My laptop' }).click();
  await passkeys.getByRole('button', { name: 'Remove the passkey' }).click();
  await shows(passkeys, 'No passkeys yet.');

  const leaving = panel(seat, 'Delete the account');
  await leaving.getByRole('textbox').fill('no');
  await leaving.getByRole('button', { name: 'Delete my account' }).click();
  await shows(leaving.locator('.warning'), 'Nothing was deleted.');
  await leaving.getByRole('textbox').fill(email);
  await leaving.getByRole('button', { name: 'Delete my account' }).click();
  await page.waitForURL(`${desk.url}/`);
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  expect([...seat.trouble, ...other.trouble]).toEqual([]);
});

function panel({ page }: Seat, title: string) {
  return page.locator('.panel', { has: page.getByRole('heading', { name: title, exact: true }) });
}

/** A passkey of this device, whose owner is always there and agrees. */
async function giveAuthenticator({ page }: Seat): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
