/** What a build makes beside the compiled code: the manifest of the commands, and the manual pages. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sectionsOf } from '../src/help/reference.ts';
import { COMPILED, loadCommands, manifestOf } from './commands.ts';
import { manPage } from './man-page.ts';

const config = await loadCommands();
const { bin, name, version, pjson } = config;

writeFileSync(join(COMPILED, 'oclif.manifest.json'), manifestOf(config));

const man = join(COMPILED, 'man');
mkdirSync(man, { recursive: true });
const page = manPage({
  programs: [bin, name],
  version,
  date: new Date().toISOString().slice(0, 10),
  description: pjson.description ?? '',
  sections: sectionsOf(config),
});
writeFileSync(join(man, `${bin}.1`), page);
writeFileSync(join(man, `${name}.1`), `.so man1/${bin}.1\n`);
