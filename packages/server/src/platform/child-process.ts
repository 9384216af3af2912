import { type ChildProcess as NodeChild, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** How to start a child. There is never a shell: `args` reach the program as they are. */
export interface ChildProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Descriptors 3…n that the child writes to and we read. Default 0. */
  readonly extraOutputs?: number;
  /** Niceness of the child, 0…19. Default 0. */
  readonly nice?: number;
  /** Names of environment variables that the child may see; secrets of ours are not among them. */
  readonly environment?: readonly string[];
  /** Working directory. Default ours. */
  readonly directory?: string;
  /** User and group that the child runs as; only root may say so. Default ours. */
  readonly identity?: { readonly uid: number; readonly gid: number };
  /** In a session of its own, so that the terminal's Ctrl-C reaches us alone. Default false. */
  readonly ownSession?: boolean;
}

/** How a child ended. */
export interface ChildExit {
  /** Exit code; absent when a signal or a failure to start ended it. */
  readonly code?: number;
  /** Signal that ended it. */
  readonly signal?: string;
  /** Why it could not be started at all. */
  readonly startError?: Error;
}

/** Variables that programs need to find themselves, their libraries and devices. */
const DEFAULT_ENVIRONMENT = [
  'PATH',
  'HOME',
  'LANG',
  'LD_LIBRARY_PATH',
  'LIBVA_DRIVER_NAME',
  'CUDA_VISIBLE_DEVICES',
];
/** How long after its death we wait for the end of a child's pipes, which a grandchild could hold open. */
const PIPE_GRACE_MS = 1000;

/** One running child process: its pipes, its end. */
export class ChildProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Descriptors 3…n, in order. */
  readonly extraOutputs: readonly Readable[];
  /** Resolves, never rejects, when the child has ended and its pipes were read to their end. */
  readonly exited: Promise<ChildExit>;
  readonly #child: NodeChild;
  #hasExited = false;

  constructor(options: ChildProcessOptions) {
    const extra = options.extraOutputs ?? 0;
    const stdio = Array.from({ length: 3 + extra }, () => 'pipe' as const);
    const child = spawn(options.file, options.args, {
      stdio,
      env: allowedEnvironment(options),
      shell: false,
      detached: options.ownSession ?? false,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      ...options.identity,
    });
    this.#child = child;
    this.stdin = writable(child.stdio[0]);
    this.stdout = readable(child.stdio[1]);
    this.stderr = readable(child.stdio[2]);
    this.extraOutputs = Array.from({ length: extra }, (_, index) => readable(child.stdio[index + 3]));
    // A child that dies makes writes fail with EPIPE; its exit says all that there is to say.
    for (const stream of [this.stdin, this.stdout, this.stderr, ...this.extraOutputs])
      stream.on('error', () => {});
    this.exited = this.#watch(child);
    if (options.nice !== undefined && child.pid !== undefined) lowerPriority(child.pid, options.nice);
  }

  /** Process id; absent when the child could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** True once the process is gone, even if its pipes are still being read. */
  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Sends a signal, SIGKILL by default; does nothing when the child has ended. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.#hasExited) this.#child.kill(signal);
  }

  #watch(child: NodeChild): Promise<ChildExit> {
    return new Promise((resolve) => {
      let exit: ChildExit = {};
      child.once('error', (startError) => {
        if (child.pid !== undefined) return;
        this.#hasExited = true;
        resolve({ startError });
      });
      child.once('exit', (code, signal) => {
        this.#hasExited = true;
        exit = { ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) };
        setTimeout(() => resolve(exit), PIPE_GRACE_MS).unref();
      });
      child.once('close', () => resolve(exit));
    });
  }
}

/** The most children that may run at one time are running: a limit of the operator's, not a fault. */
export class TooManyChildrenError extends RangeError {
  override readonly name = 'TooManyChildrenError';
}

/**
 * Every child of this server: a bound on their number, and their end with ours. A child of a server that is killed with SIGKILL
 * must end by itself: the sandbox asks the kernel for that, and its standard input ends.
 */
export class ChildProcesses {
  readonly #maxChildren: number;
  readonly #children = new Set<ChildProcess>();
  readonly #killAll = (): void => {
    for (const child of this.#children) child.kill();
  };
  #closed = false;

  /** `maxChildren` is the largest number of children at one time. Default 64. */
  constructor(options: { readonly maxChildren?: number } = {}) {
    this.#maxChildren = options.maxChildren ?? 64;
    process.on('exit', this.#killAll);
  }

  /** Children that run now. */
  get count(): number {
    return this.#children.size;
  }

  /** Starts a child. Throws RangeError when there are too many or the server is stopping. */
  spawn(options: ChildProcessOptions): ChildProcess {
    if (this.#closed) throw new RangeError(`cannot start ${options.file}: stopping`);
    if (this.#children.size >= this.#maxChildren) {
      throw new TooManyChildrenError(
        `cannot start ${options.file}: ${this.#children.size} children run already`,
      );
    }
    const child = new ChildProcess(options);
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  /** Kills every child and waits for their ends; idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#killAll();
    await Promise.all([...this.#children].map((child) => child.exited));
    process.off('exit', this.#killAll);
  }
}

function allowedEnvironment(options: ChildProcessOptions): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const name of options.environment ?? DEFAULT_ENVIRONMENT) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

function lowerPriority(pid: number, nice: number): void {
  try {
    setPriority(pid, nice);
  } catch {
    // It ended already, or the system forbids it: then it runs at our own priority.
  }
}

function readable(stream: unknown): Readable {
  return stream as Readable;
}

function writable(stream: unknown): Writable {
  return stream as Writable;
}
