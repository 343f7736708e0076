import { expect } from 'chai';
import { toolFor } from '../../src/cli/keep-awake.ts';

describe('The computer is kept awake', () => {
  it('by caffeinate on a Mac, which watches our process', () => {
    expect(toolFor('darwin', 77)).to.deep.equal({ command: 'caffeinate', args: ['-i', '-w', '77'] });
  });

  it('by PowerShell on Windows, until its standard input ends', () => {
    const { command, args } = toolFor('win32', 77)!;
    expect(command).to.equal('powershell.exe');
    expect(args.at(-1)).to.match(/SetThreadExecutionState.*ReadToEnd\(\)$/);
  });

  it('by nothing on systems that nobody knows', () => {
    expect(toolFor('aix', 77)).to.equal(null);
  });
});
