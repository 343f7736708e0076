import { describeTyped } from './typed.ts';

describeTyped('docs/contributing.md');
