import { build } from 'vite';

/** One script for a page, made from a module and all that it imports: a stranger's client as its users would ship it. `source` may import installed packages. */
export async function pageScript(source: string): Promise<string> {
  const entry = 'virtual:page-script';
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
    build: { write: false, minify: false, rolldownOptions: { input: entry, output: { format: 'iife' } } },
  });
  const [output] = [built].flat();
  if (output === undefined || !('output' in output)) throw new Error('vite built nothing');
  return output.output[0].code;
}
