import { describeTyped } from './typed.ts';

describeTyped('docs/first-steps.md');
