/** The commands in the order in which people need them. */
export const WORKFLOW: readonly { title: string; commands: readonly string[] }[] = [
  { title: 'Set up, once', commands: ['config', 'login google', 'login aws', 'doctor'] },
  {
    title: 'Migrate a folder, in this order',
    commands: ['scan', 'review', 'migrate', 'status', 'report', 'resume', 'verify'],
  },
  { title: 'One stage at a time', commands: ['list', 'parse', 'resolve', 'transfer', 'link'] },
  { title: 'Afterwards', commands: ['export', 'observations-without-media', 'undo', 'logout'] },
  { title: 'Settings and help', commands: ['show', 'completion', 'help'] },
];

/** Where a command stands that no title names: last, but there. */
export const REST = 'More';
