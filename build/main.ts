/** The last step of a build: writes the manifest of the commands. */
import { writeFileSync } from 'node:fs';
import { loadCommands, MANIFEST, manifestOf } from './commands.ts';

writeFileSync(MANIFEST, manifestOf(await loadCommands()));
