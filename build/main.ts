/** What a build makes of the compiled code: the program, the manifest of its commands, and the manual pages. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sectionsOf } from '../src/help/reference.ts';
import { bundle } from './bundle.ts';
import { COMPILED, loadCommands, manifestOf, PROGRAM, PROJECT } from './commands.ts';
import { manPage } from './man-page.ts';
import { noticesOf } from './notices.ts';

const config = await loadCommands();
const { bin, name, version, pjson } = config;

const packages = await bundle(PROJECT, COMPILED, PROGRAM);
writeFileSync(join(PROGRAM, 'THIRD-PARTY-NOTICES.txt'), noticesOf(packages));
writeFileSync(join(PROGRAM, 'oclif.manifest.json'), manifestOf(config));

const man = join(PROGRAM, 'man');
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
