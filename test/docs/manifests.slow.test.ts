import { describeTyped } from './typed.ts';

describeTyped('docs/manifests.md');
