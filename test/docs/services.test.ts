import { describeTyped } from './typed.ts';

describeTyped('docs/services.md');
