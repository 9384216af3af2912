import { describe } from 'vitest';
import { testRights } from '../support/rights-matrix.ts';

describe('rights (better-auth CVE-2025-61928, streama CVE-2026-73039, PeerTube CVE-2022-0170)', () => {
  testRights();
});
