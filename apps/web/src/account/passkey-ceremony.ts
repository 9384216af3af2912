import type { SignInClient } from '@tallylight/client/api/sign-in-client.ts';
import { Refusal } from './session.ts';

/** The browser's own reading of the options as JSON (WebAuthn Level 3 §5.1.8), which older ones lack. */
interface JsonCredentials {
  parseCreationOptionsFromJSON?(options: unknown): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON?(options: unknown): PublicKeyCredentialRequestOptions;
}

/** Whether this browser can use passkeys on this page: only over HTTPS or on this very computer. */
export function hasPasskeys(): boolean {
  const { PublicKeyCredential: type } = globalThis as { readonly PublicKeyCredential?: JsonCredentials };
  return type?.parseCreationOptionsFromJSON !== undefined && type.parseRequestOptionsFromJSON !== undefined;
}

/** Asks the browser to make a passkey, and gives it to the server. Rejects with `Refusal` when the person breaks it off. */
export async function addPasskey(client: SignInClient, name: string): Promise<void> {
  const publicKey = credentials().parseCreationOptionsFromJSON?.(await client.registrationOptions());
  const made = await asked(() => navigator.credentials.create(publicKey === undefined ? {} : { publicKey }));
  await client.addPasskey(made, name);
}

/** Signs in with a passkey that the browser lets choose. Rejects like {@link addPasskey}. */
export async function usePasskey(client: SignInClient): Promise<void> {
  const publicKey = credentials().parseRequestOptionsFromJSON?.(await client.authenticationOptions());
  const answer = await asked(() => navigator.credentials.get(publicKey === undefined ? {} : { publicKey }));
  await client.signInWithPasskey(answer);
}

function credentials(): JsonCredentials {
  return PublicKeyCredential;
}

/** What the authenticator answered, as JSON. */
async function asked(ask: () => Promise<Credential | null>): Promise<unknown> {
  let answer: Credential | null;
  try {
    answer = await ask();
  } catch (error) {
    const isKnown = error instanceof DOMException && error.name === 'InvalidStateError';
    throw new Refusal(
      isKnown
        ? 'This device has a passkey for your account already.'
        : 'The passkey was not used: broken off, or too late. Try again.',
    );
  }
  if (answer === null) {
    throw new Refusal('The browser gave no passkey. Try again.');
  }
  return (answer as PublicKeyCredential).toJSON();
}
