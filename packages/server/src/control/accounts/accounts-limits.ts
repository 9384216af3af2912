/** How often strangers may try things, and how much there may be of what people have. A limit by the hour or minute counts over its own window, which begins with the first try. */
export interface AccountsLimits {
  /** Sign-ins and proofs by password of one account, per minute. Default 5. */
  readonly loginPerAccountPerMinute: number;
  /** Sign-ins from one address, per minute. Default 20. */
  readonly loginPerAddressPerMinute: number;
  /** Password resets asked for one account, and from one address, per hour. Default 3. */
  readonly resetPerHour: number;
  /** New accounts from one address, per hour. Default 5. */
  readonly signUpPerAddressPerHour: number;
  /** New guests from one address, per hour. Default 30. */
  readonly guestsPerAddressPerHour: number;
  /** Everything else under `/api/auth`, from one address, per minute. Default 120. */
  readonly otherPerAddressPerMinute: number;
  /** API tokens of one person. Default 20. */
  readonly apiTokensPerUser: number;
  /** Passkeys of one person. Default 20. */
  readonly passkeysPerUser: number;
  /** Body of a request under `/api/auth`, in bytes. Default 16384. */
  readonly bodyBytes: number;
  /** A session ends when it was not used for so many days. Default 30. */
  readonly sessionDays: number;
  /** How long a typed password opens what needs a fresh proof, in seconds. Default 300. */
  readonly stepUpSeconds: number;
  /** Passwords that are hashed at the same time: each takes one core for tens of milliseconds, and holds a connection to the database. Default 3. */
  readonly signInsAtOnce: number;
  /** Sign-ins that wait for their turn; one more is refused with 503. Default 500. */
  readonly signInsWaiting: number;
  /** People of whom it is remembered for a moment who they are; the oldest is forgotten for one more. Default 10,000. */
  readonly rememberedActors: number;
  /** A bearer token, of whatever kind, has so many characters at most. Default 8192. */
  readonly credentialChars: number;
  /** Guests without a session of whom nothing was seen for so many days are removed; what they wrote stays. Default 30. */
  readonly guestRetentionDays: number;
}

/** See {@link AccountsLimits}. */
export const DEFAULT_ACCOUNTS_LIMITS: AccountsLimits = {
  loginPerAccountPerMinute: 5,
  loginPerAddressPerMinute: 20,
  resetPerHour: 3,
  signUpPerAddressPerHour: 5,
  guestsPerAddressPerHour: 30,
  otherPerAddressPerMinute: 120,
  apiTokensPerUser: 20,
  passkeysPerUser: 20,
  bodyBytes: 16_384,
  sessionDays: 30,
  stepUpSeconds: 300,
  signInsAtOnce: 3,
  signInsWaiting: 500,
  rememberedActors: 10_000,
  credentialChars: 8192,
  guestRetentionDays: 30,
};
