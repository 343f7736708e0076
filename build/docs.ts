/** `npm run docs`: writes docs/commands.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sectionsOf } from '../src/cli/help/reference.ts';
import { loadCommands, PROJECT } from './commands.ts';
import { commandsPage } from './commands-page.ts';

const config = await loadCommands();
writeFileSync(join(PROJECT, 'docs', 'commands.md'), commandsPage(config.bin, sectionsOf(config)));
