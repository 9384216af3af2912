import { build } from 'vite';

/** One file of JavaScript for a browser, made from what `source` imports; a stranger's player as its users would ship it. */
export async function bundleForBrowser(source: string): Promise<string> {
  const entry = 'virtual:entry';
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry-from-text',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? source : undefined),
      },
    ],
    build: { write: false, minify: false, target: 'es2022', rollupOptions: { input: entry } },
  });
  const [output] = [built].flat();
  if (output === undefined || !('output' in output)) throw new Error('vite built nothing');
  const code = output.output.find((file) => file.type === 'chunk')?.code;
  if (code === undefined) throw new Error('vite built no script');
  return code;
}
