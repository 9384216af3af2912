import { ChildProcess } from '../../platform/child-process.ts';

/** Bounds that the kernel keeps for one FFmpeg. */
export interface SandboxLimits {
  /** Open descriptors. Default 256. */
  readonly maxDescriptors: number;
  /** Address space in bytes; 0 means no bound, for hardware drivers map far more than they use. Default 2 GiB. */
  readonly maxAddressSpaceBytes: number;
  /** Largest file that it may write. Default 0: it has pipes only. */
  readonly maxFileBytes: number;
}

/** The limits of a newcomer's installation. */
export const DEFAULT_SANDBOX_LIMITS: SandboxLimits = {
  maxDescriptors: 256,
  maxAddressSpaceBytes: 2 * 1024 ** 3,
  maxFileBytes: 0,
};

/** A program and its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** What this system offers to confine a child; each is a program that changes itself and then becomes the next one. */
export interface Sandbox {
  /** `prlimit`: resource limits. */
  readonly limits: boolean;
  /** `unshare`: a network namespace of its own, without any interface; absent when it is not permitted. */
  readonly network?: 'as-root' | 'as-user';
  /** `setpriv`: killed by the kernel when we die, and no new privileges. */
  readonly deathSignal: boolean;
}

/** A sandbox that confines nothing, for systems without these tools. */
export const NO_SANDBOX: Sandbox = { limits: false, deathSignal: false };

const UNSHARE_AS_ROOT = ['unshare', '--net', '--'];
const UNSHARE_AS_USER = ['unshare', '--user', '--map-current-user', '--net', '--'];
const SETPRIV = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'];

/** Tries each tool once on a program that does nothing. Takes about 10 ms. */
export async function probeSandbox(): Promise<Sandbox> {
  const [limits, root, user, deathSignal] = await Promise.all([
    works([...prlimit(DEFAULT_SANDBOX_LIMITS), 'true']),
    works([...UNSHARE_AS_ROOT, 'true']),
    works([...UNSHARE_AS_USER, 'true']),
    works([...SETPRIV, 'true']),
  ]);
  const network = root ? 'as-root' : user ? 'as-user' : undefined;
  return { limits, deathSignal, ...(network === undefined ? {} : { network }) };
}

/** The command that runs `command` confined: a chain of exec, so that the process id stays the same. */
export function confine(
  command: Command,
  sandbox: Sandbox,
  limits: SandboxLimits = DEFAULT_SANDBOX_LIMITS,
): Command {
  const chain: string[] = [];
  if (sandbox.limits) chain.push(...prlimit(limits));
  if (sandbox.network === 'as-root') chain.push(...UNSHARE_AS_ROOT);
  if (sandbox.network === 'as-user') chain.push(...UNSHARE_AS_USER);
  // Last, because a change of user namespace clears the death signal (prctl(2) PR_SET_PDEATHSIG).
  if (sandbox.deathSignal) chain.push(...SETPRIV);
  const [file, ...args] = [...chain, command.file, ...command.args];
  return { file: file ?? command.file, args };
}

function prlimit(limits: SandboxLimits): string[] {
  const flags = [`--nofile=${limits.maxDescriptors}`, `--fsize=${limits.maxFileBytes}`, '--core=0'];
  if (limits.maxAddressSpaceBytes > 0) flags.push(`--as=${limits.maxAddressSpaceBytes}`);
  return ['prlimit', ...flags, '--'];
}

async function works(command: readonly string[]): Promise<boolean> {
  const [file = 'true', ...args] = command;
  const child = new ChildProcess({ file, args });
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  return (await child.exited).code === 0;
}
