import { defineConfig } from 'vite';

/** The watch page as static files: one script, one style sheet, nothing inline, so that the server's CSP holds. */
const config = defineConfig({
  base: '/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The polyfill is an inline script in old browsers' stead; module preload is everywhere now.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
});

// Vite reads its configuration from the default export.
export { config as default };
