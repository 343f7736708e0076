/**
 * The program as it is run and shipped: its modules and those of the packages that it uses, joined into few files and
 * without what nothing uses of them. To find, read and compile the seven hundred modules one by one would take Node
 * nearly as long as everything else that a short command does; and whoever installs the program installs nothing else.
 * Not minified: what fails can be found in it.
 */
import { cpSync, readdirSync } from 'node:fs';
import { basename, dirname, join, parse, sep } from 'node:path';
import { rolldown } from 'rolldown';

/** Where the compiler puts modules that are started from outside: oclif finds them by their paths. */
const ENTRIES = ['main.js', 'commands', 'help/help.js', 'hooks'];

/** Files that packages look for beside their modules. */
const BESIDE = ['open/xdg-open'];

/**
 * Bundles the modules in `source`/src into `target`/src. Gives the folders of the packages that went in, sorted. Comments
 * in the bundle name modules from the folder `project` on.
 */
export async function bundle(project: string, source: string, target: string): Promise<string[]> {
  const modules = readdirSync(join(source, 'src'), { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll(sep, '/'))
    .filter(path => path.endsWith('.js') && ENTRIES.some(entry => `${path}/`.startsWith(`${entry}/`)));
  const program = await rolldown({
    cwd: project,
    platform: 'node',
    // oclif would read the settings of plugins that are written in TypeScript with it.
    external: ['typescript'],
    input: Object.fromEntries(
      modules.map(path => [`src/${path.slice(0, -'.js'.length)}`, join(source, 'src', path)]),
    ),
  });
  try {
    const { output } = await program.write({
      dir: target,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      // Licenses stand in a file of their own.
      comments: { legal: false, annotation: false, jsdoc: false },
    });
    const paths = output.flatMap(part => (part.type === 'chunk' ? part.moduleIds : []));
    // The bundler's own few lines go in as well.
    const packages = [
      ...new Set([
        join(project, 'node_modules', 'rolldown'),
        ...paths.flatMap(path => packageOf(path) ?? []),
      ]),
    ].sort();
    for (const path of BESIDE) {
      const folder = packages.find(each => each.endsWith(join('node_modules', dirname(path))))!;
      cpSync(join(folder, basename(path)), join(target, 'chunks', basename(path)));
    }
    return packages;
  } finally {
    await program.close();
  }
}

/** The folder of the innermost package that the module is part of; null for a module of this project. */
function packageOf(path: string): string | null {
  const { root } = parse(path);
  const names = path.slice(root.length).split(/[\\/]/);
  const at = names.lastIndexOf('node_modules');
  if (at < 0) return null;
  return join(root, ...names.slice(0, at + (names[at + 1]!.startsWith('@') ? 3 : 2)));
}
