/** The commands as they are in the compiled code, whether or not a manifest of them has been written. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Config, type Interfaces, Plugin } from '@oclif/core';

/** The compiled code; `bin/run.js` gives the same folder to oclif. */
export const COMPILED = fileURLToPath(new URL('..', import.meta.url));
/** Lists all commands, so that oclif loads only the one that runs. */
export const MANIFEST = join(COMPILED, 'oclif.manifest.json');
export const PROJECT = join(COMPILED, '..');

export async function loadCommands(): Promise<Config> {
  const pjson = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as Interfaces.PJSON;
  const plugin = new Plugin({
    root: COMPILED,
    pjson,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
  });
  await plugin.load();
  return Config.load({ root: COMPILED, pjson, plugins: new Map([[plugin.name, plugin]]) });
}

/** Text of oclif.manifest.json, from which oclif knows all commands without loading them. */
export function manifestOf(config: Config): string {
  const [plugin] = config.getPluginsList() as (Interfaces.Plugin & { manifest: Interfaces.Manifest })[];
  return `${JSON.stringify(plugin!.manifest)}\n`;
}
