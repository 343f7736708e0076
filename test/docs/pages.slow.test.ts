import { describeTyped } from './typed.ts';

describeTyped('README.md');
describeTyped('docs/architecture.md');
describeTyped('docs/contributing.md');
describeTyped('docs/manifests.md');
describeTyped('docs/operations.md');
describeTyped('docs/scale.md');
describeTyped('docs/setup.md');
describeTyped('docs/troubleshooting.md');
