import { existsSync } from 'node:fs';
import { announce, findProgram, run, SetupError } from './command.mjs';
import { installCommand, installPackages, packageManager } from './package-manager.mjs';

const adminFolders = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/**
 * What we need from the system: how to see that it is there, and its package names by package manager.
 * A missing name means that the manager does not carry it.
 */
const ffmpeg = {
  what: 'FFmpeg',
  present: () => run(process.env['FFMPEG_PATH'] || 'ffmpeg', ['-hide_banner', '-version']).ok,
  packages: { apt: ['ffmpeg'], dnf: ['ffmpeg-free'], pacman: ['ffmpeg'], apk: ['ffmpeg'], brew: ['ffmpeg'] },
};

const testPrograms = [
  {
    what: 'Chromium',
    present: () =>
      existsSync(process.env['CHROMIUM_PATH'] ?? '') ||
      ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].some((name) =>
        findProgram(name),
      ),
    packages: {
      apt: ['chromium'],
      dnf: ['chromium'],
      pacman: ['chromium'],
      apk: ['chromium'],
      brew: ['--cask', 'chromium'],
    },
  },
  {
    what: 'a font for the test card',
    present: () =>
      ['/usr/share/fonts', '/usr/local/share/fonts', '/Library/Fonts'].some((folder) => existsSync(folder)),
    packages: {
      apt: ['fonts-dejavu-core'],
      dnf: ['dejavu-sans-fonts'],
      pacman: ['ttf-dejavu'],
      apk: ['font-dejavu'],
    },
  },
  {
    what: 'GStreamer',
    present: () =>
      ['rtmpsink', 'rtmp2sink', 'hlsdemux', 'x264enc', 'avdec_h264', 'flvmux'].every(
        (element) => run('gst-inspect-1.0', ['--exists', element]).ok,
      ),
    packages: {
      apt: [
        'gstreamer1.0-tools',
        'gstreamer1.0-plugins-base',
        'gstreamer1.0-plugins-good',
        'gstreamer1.0-plugins-bad',
        'gstreamer1.0-plugins-ugly',
        'gstreamer1.0-libav',
      ],
      dnf: [
        'gstreamer1-plugins-good',
        'gstreamer1-plugins-bad-free',
        'gstreamer1-plugins-ugly',
        'gstreamer1-libav',
      ],
      pacman: ['gstreamer', 'gst-plugins-good', 'gst-plugins-bad', 'gst-plugins-ugly', 'gst-libav'],
      brew: ['gstreamer'],
    },
  },
  {
    what: 'nginx with the RTMP module',
    present: () =>
      findProgram('nginx', adminFolders) !== undefined &&
      ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/lib64/nginx/modules/ngx_rtmp_module.so'].some(
        existsSync,
      ),
    packages: { apt: ['nginx-light', 'libnginx-mod-rtmp'], apk: ['nginx', 'nginx-mod-rtmp'] },
  },
  {
    what: "the system's PostgreSQL",
    present: () =>
      run('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/initdb']).ok || findProgram('initdb') !== undefined,
    packages: {
      apt: ['postgresql'],
      dnf: ['postgresql-server'],
      pacman: ['postgresql'],
      apk: ['postgresql'],
      brew: ['postgresql@17'],
    },
  },
  {
    what: 'ps and ss',
    present: () => findProgram('ps') !== undefined && findProgram('ss', adminFolders) !== undefined,
    packages: {
      apt: ['procps', 'iproute2'],
      dnf: ['procps-ng', 'iproute'],
      pacman: ['procps-ng', 'iproute2'],
    },
  },
];

/** FFmpeg found, or installed when that is allowed, or one line that says what to type. */
export function ensureFfmpeg() {
  if (ffmpeg.present()) return;
  if (process.env['FFMPEG_PATH']) {
    throw new SetupError(`FFMPEG_PATH is ${process.env['FFMPEG_PATH']}, which does not run as FFmpeg`);
  }
  ensure(ffmpeg);
}

/** The programs that the integration tests drive. A test whose program this system does not carry says so and is skipped. */
export function ensureTestPrograms() {
  for (const need of testPrograms) {
    if (need.present()) continue;
    try {
      ensure(need);
    } catch (error) {
      // Without a browser the tests cannot show anything; the rest are peers and strangers.
      if (need.what === 'Chromium' || !(error instanceof SetupError)) throw error;
      announce(error.message);
    }
  }
}

function ensure(need) {
  const manager = packageManager();
  const packages = manager === undefined ? undefined : need.packages[manager.name];
  if (manager === undefined || packages === undefined) {
    throw new SetupError(
      `${need.what} is missing: install it with your system's package manager, then run this again`,
    );
  }
  const failure = installPackages(manager, packages);
  if (failure === undefined && need.present()) return;
  const why = failure === undefined ? 'it was installed but does not work' : failure;
  throw new SetupError(
    `${need.what} is missing (${why}): run  ${installCommand(manager, packages)}  and then this again`,
  );
}
