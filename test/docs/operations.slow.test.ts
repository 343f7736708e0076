import { describeTyped } from './typed.ts';

describeTyped('docs/operations.md');
