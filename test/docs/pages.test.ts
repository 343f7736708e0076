import { describeTyped } from './typed.ts';

describeTyped('docs/first-steps.md');
describeTyped('docs/services.md');
