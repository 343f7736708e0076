import { describeTyped } from './typed.ts';

describeTyped('docs/setup.md');
