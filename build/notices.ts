/** What the licenses of the packages ask for that are part of the program: their texts, with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSE = /^(licen[cs]e|copying)\b/i;
const NOTICE = /^notice\b/i;
/** Of a README that has the license in it, up to the next heading. */
const SECTION = /^(?:#+ *licen[cs]e\b.*\n|licen[cs]e *\n[-=]+\n)([\s\S]*?)(?=^#|$(?![\s\S]))/im;
/** Says everything that is not in the text of the license itself. */
const COPYRIGHT = /copyright/i;

interface Package {
  title: string;
  license: string;
  /** Null if the package has none of its own. */
  text: string | null;
  notice: string | null;
}

/** One text from the folders of packages. Throws if a package has no text of its license: it must not be shipped then. */
export function noticesOf(folders: readonly string[]): string {
  const packages = folders.map(packageIn);
  const notices = packages.map(each => {
    const { title, notice } = each;
    const text = each.text ?? textElsewhere(each, packages);
    return `${title}\n${'-'.repeat(title.length)}\n\n${text}\n${notice ? `\n${notice}\n` : ''}`;
  });
  return `This program contains the following packages.\n\n${notices.join('\n')}`;
}

function packageIn(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).sort();
  const textOf = (pattern: RegExp) => {
    const texts = files
      .filter(file => pattern.test(file))
      .map(file => readFileSync(join(folder, file), 'utf8').trim());
    return texts.length > 0 ? texts.join('\n\n') : null;
  };
  const readme = files.find(file => /^readme\b/i.test(file));
  const section = readme && SECTION.exec(readFileSync(join(folder, readme), 'utf8'))?.[1]?.trim();
  return {
    title: `${name} ${version}${license ? ` (${license})` : ''}`,
    license,
    text: textOf(LICENSE) ?? (section && COPYRIGHT.test(section) ? section : null),
    notice: textOf(NOTICE),
  };
}

/** The Apache License names nobody: its text is the same for all. */
function textElsewhere({ title, license }: Package, packages: readonly Package[]): string {
  const other = packages.find(
    each => each.license === 'Apache-2.0' && each.text?.includes('APPENDIX: How to apply'),
  );
  if (license !== 'Apache-2.0' || !other) throw new Error(`${title} has no text of its license.`);
  return `The Apache License, Version 2.0: see ${other.title}.`;
}
