/**
 * Content-Security-Policy of our pages. hls.js plays through a MediaSource `blob:` URL and may start its worker from one;
 * styles set by scripts need `unsafe-inline`.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every page and of its files, as a flat list. */
export const PAGE_HEADERS: readonly string[] = [
  'Content-Security-Policy',
  CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'strict-origin-when-cross-origin',
  'Cross-Origin-Opener-Policy',
  'same-origin',
  'Permissions-Policy',
  'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
];

/** Come back by HTTPS for a year; browsers heed it only over TLS that they trust. */
export const TRANSPORT_SECURITY: readonly string[] = ['Strict-Transport-Security', 'max-age=31536000'];
