import { describeTyped } from './typed.ts';

describeTyped('docs/troubleshooting.md');
