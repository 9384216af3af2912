import { build } from 'vite';

/** Makes one script of a module and all that it imports, as a page takes it. `source` may import installed packages. */
export async function pageScript(source: string): Promise<string> {
  const entry = 'virtual:page-script';
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? source : undefined),
      },
    ],
    build: { write: false, minify: false, rolldownOptions: { input: entry, output: { format: 'iife' } } },
  });
  const [result] = [built].flat();
  if (result === undefined || !('output' in result)) throw new Error('nothing was built');
  return result.output[0].code;
}
