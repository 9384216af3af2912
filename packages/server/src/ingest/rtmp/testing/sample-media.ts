/** Bytes from hexadecimal text. */
function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** avcC of x264 (constrained baseline, level 3.0), 640×360, 30 fps: made by FFmpeg 5.1 from testsrc2. */
export const AVC_CONFIG = hex(
  '0142c01e ffe10019 6742c01eda0280bfe5c044000003000400000300f03c58ba80 010004 68ce0fc8',
);

/** avcC of x264, 1280×720, 30 fps. */
export const AVC_CONFIG_2 = hex(
  '0142c01f ffe10017 6742c01fda014016ec0440000003004000000f03c60ca8 010004 68ce0fc8',
);

/** hvcC of x265 (Main, level 3.0), 640×360, 30 fps. */
export const HEVC_CONFIG = hex(
  '0101600000009000000000003ff000fcfdf8f800000f03 a00001001840010c01ffff0160000003009000000300000300' +
    '3f959409 a10001002b42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1' +
    ' a2000100064401c073c189',
);

/** A unit with one IDR slice header and nothing behind it, with a 4-byte length: enough for everything but a decoder. */
export const IDR: Uint8Array = hex('00000003 658880');

/** A unit with one P slice header and nothing behind it. */
export const P_SLICE: Uint8Array = hex('00000003 419a00');

/** A unit with one HEVC IDR_W_RADL slice header and nothing behind it. */
export const HEVC_IDR: Uint8Array = hex('00000004 2601af80');

/** AudioSpecificConfig of AAC-LC, 48 kHz, stereo. */
export const ASC: Uint8Array = hex('1190');
