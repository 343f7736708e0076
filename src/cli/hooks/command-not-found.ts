import type { Hook } from '@oclif/core';

const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  const { unknownCommand } = await import('../help/unknown-command.ts');
  throw unknownCommand(id.split(':'), config);
};

export default commandNotFound;
