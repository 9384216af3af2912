/** How often strangers may try things. Every limit counts over its own window, which begins with the first try. */
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
  /** Body of a request under `/api/auth`, in bytes. Default 16384. */
  readonly bodyBytes: number;
  /** A session ends when it was not used for so many days. Default 30. */
  readonly sessionDays: number;
  /** How long a typed password opens what needs a fresh proof, in seconds. Default 300. */
  readonly stepUpSeconds: number;
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
  bodyBytes: 16_384,
  sessionDays: 30,
  stepUpSeconds: 300,
};
