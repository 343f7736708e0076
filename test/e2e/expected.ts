/** What a migration of the sample folder should leave in the cloud, worked out from the folder alone. */
import { expect } from 'chai';
import type { Cloud } from '../cloud/cloud.ts';
import type { SampleFile, SampleFolder } from '../cloud/drive/sample-folder.ts';

export interface Expected {
  /** By key: the contents that may stand there. More than one where files compete for a key. */
  objects: Map<string, { contents: Buffer[]; contentType: string }>;
  /** `{sequentialId} {type} {url}` for each media record, sorted. */
  links: string[];
}

const CONTENT_TYPES: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  avi: 'video/x-msvideo',
};

export function expectedOf(cloud: Cloud, sample: SampleFolder, naming: 'strict' | 'relaxed'): Expected {
  const observationIds = new Map(
    [...cloud.appSync.observations.values()].map(({ sequentialId, id }) => [Number(sequentialId), id]),
  );
  const objects: Expected['objects'] = new Map();
  const links = new Set<string>();
  for (const file of sample.files) {
    const ids = naming === 'strict' ? file.strictIds : file.relaxedIds;
    const found = ids?.filter(id => observationIds.has(id)) ?? [];
    if (found.length === 0 || !cloud.drive.tree.get(sourceOf(cloud, file)).canDownload) continue;
    const contentType = CONTENT_TYPES[file.name.slice(file.name.lastIndexOf('.') + 1).toLowerCase()]!;
    const observationId = observationIds.get(found[0]!)!;
    const key = `media/${observationId}/${file.name}`;
    const contents = [...(objects.get(key)?.contents ?? []), cloud.drive.tree.read(sourceOf(cloud, file))];
    objects.set(key, { contents, contentType });
    const url = `https://${cloud.s3.bucket}.s3.${cloud.s3.region}.amazonaws.com/media/${observationId}/${percentEncoded(file.name)}`;
    const type = contentType.startsWith('image/') ? 'PHOTO' : 'VIDEO';
    for (const id of found) links.add(`${id} ${type} ${url}`);
  }
  return { objects, links: [...links].sort() };
}

/** The same as {@link Expected.links}, from what is there. Repeated records show up as repeated lines. */
export function linksIn({ appSync }: Cloud): string[] {
  return [...appSync.media.values()]
    .map(({ observationId, type, url }) => {
      const observation = appSync.observations.get(String(observationId));
      return `${observation?.sequentialId} ${type} ${url}`;
    })
    .sort();
}

/** Expects just that to be in the cloud. */
export function expectArrived(
  cloud: Cloud,
  sample: SampleFolder,
  naming: 'strict' | 'relaxed' = 'strict',
): Expected {
  const expected = expectedOf(cloud, sample, naming);
  expect(wrongObjects(cloud, expected)).to.deep.equal([]);
  expect(linksIn(cloud)).to.deep.equal(expected.links);
  return expected;
}

/** Names of objects that should be there and are not, should not be there and are, or hold something else. */
export function wrongObjects(cloud: Cloud, { objects }: Expected): string[] {
  const there = new Map(cloud.s3.objects().map(object => [object.key, object]));
  return [...new Set([...objects.keys(), ...there.keys()])].filter(key => {
    const object = there.get(key);
    const right = objects.get(key);
    if (!object || !right || object.contentType !== right.contentType) return true;
    const bytes = cloud.s3.read(key);
    return !right.contents.some(content => content.equals(bytes));
  });
}

function sourceOf({ drive }: Cloud, { id, kind }: SampleFile): string {
  return kind === 'shortcut' ? drive.tree.get(id).targetId! : id;
}

/** RFC 3986: everything but unreserved characters. */
function percentEncoded(name: string): string {
  return [...Buffer.from(name)]
    .map(byte => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
