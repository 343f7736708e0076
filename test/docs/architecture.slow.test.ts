import { describeTyped } from './typed.ts';

describeTyped('docs/architecture.md');
