import { describeTyped } from './typed.ts';

describeTyped('docs/scale.md');
