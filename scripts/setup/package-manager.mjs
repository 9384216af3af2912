import { announce, findProgram, run, tail } from './command.mjs';

/**
 * The system package managers we know. `install` and `refresh` are argument lists; `root` says whether installing needs root.
 * Homebrew refuses to run as root.
 */
const managers = [
  {
    name: 'apt',
    program: 'apt-get',
    refresh: ['update', '-q'],
    install: ['install', '-y', '-q', '--no-install-recommends'],
    root: true,
  },
  { name: 'dnf', program: 'dnf', install: ['install', '-y'], root: true },
  { name: 'pacman', program: 'pacman', install: ['-Sy', '--noconfirm', '--needed'], root: true },
  { name: 'apk', program: 'apk', install: ['add', '--no-cache'], root: true },
  { name: 'brew', program: 'brew', install: ['install'], root: false },
];

/** The package manager of this system, or undefined. */
export function packageManager() {
  return managers.find((manager) => findProgram(manager.program) !== undefined);
}

/**
 * Installs packages when that is allowed without a question: we are root, sudo asks for no password, or it is Homebrew.
 * Returns what failed as text, or undefined when the packages are installed.
 */
export function installPackages(manager, packages) {
  const prefix = privilege(manager);
  if (prefix === undefined) return 'no permission to install packages';
  announce(`installing ${packages.join(' ')} (${manager.program}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const call = (args) => {
    const [program, ...rest] = [...prefix, manager.program, ...args];
    return run(program, rest, { env });
  };
  let result = call([...manager.install, ...packages]);
  if (!result.ok && manager.refresh !== undefined) {
    // A fresh image has no package lists yet, an old one has stale lists.
    call(manager.refresh);
    result = call([...manager.install, ...packages]);
  }
  return result.ok ? undefined : tail(result.output, 4);
}

/** The command that a person would type to install these packages. */
export function installCommand(manager, packages) {
  const sudo = manager.root ? 'sudo ' : '';
  const refresh = manager.refresh === undefined ? '' : `${sudo}${manager.program} update && `;
  return `${refresh}${sudo}${manager.program} ${manager.install.filter((word) => word !== '-q').join(' ')} ${packages.join(' ')}`;
}

function privilege(manager) {
  const isRoot = process.getuid?.() === 0;
  if (!manager.root) return isRoot ? undefined : [];
  if (isRoot) return [];
  if (findProgram('sudo') !== undefined && run('sudo', ['-n', 'true']).ok) {
    return ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'];
  }
  return undefined;
}
