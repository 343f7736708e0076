import { describeTyped } from './typed.ts';

describeTyped('README.md');
