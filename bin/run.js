#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

// From Node 22.1 on: what has been compiled once is not compiled again.
module.enableCompileCache?.();

// V8 lets a small heap grow to four times what is in use before it collects all of it. With two and a half times a migration
// stays below 200 MiB, and takes no more CPU.
v8.setFlagsFromString('--heap-growing-percent=150');

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

if (['--version', '-V'].includes(process.argv[2])) {
  const { name, version } = packageJson;
  console.log(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}`);
} else {
  // The AWS SDK prints a notice on older Node versions that are still supported here.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // oclif would load semver to find that this Node is newer than the oldest it supports.
  process.env.OCLIF_DISABLE_ENGINE_WARNING ??= 'true';
  const { main } = await import('../dist/src/cli/main.js');
  await main(fileURLToPath(new URL('../dist', import.meta.url)), packageJson);
}
