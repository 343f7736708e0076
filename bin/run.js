#!/usr/bin/env node
// The AWS SDK prints a notice on older Node versions that are still supported here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const { execute } = await import('@oclif/core');

await execute({ dir: import.meta.url });
