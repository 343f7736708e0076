/** What a migration of the sample folder should leave in the cloud, worked out from the folder alone. */
import { expect } from 'chai';
import type { Cloud } from '../cloud/cloud.ts';
import type { SampleFile, SampleFolder } from '../cloud/drive/sample-folder.ts';
import type { Home } from './sandbox.ts';

export interface Expected {
  /** By key: the contents that may stand there. More than one where files compete for a key. */
  objects: Map<string, { contents: Buffer[]; contentType: string }>;
  /** `{sequentialId} {type} {url}` for each media record, sorted. */
  links: string[];
}

export function expectedOf(cloud: Cloud, sample: SampleFolder, naming: 'strict' | 'relaxed'): Expected {
  const observationIds = new Map(
    [...cloud.appSync.observations.values()].map(({ sequentialId, id }) => [Number(sequentialId), id]),
  );
  const objects: Expected['objects'] = new Map();
  const links = new Set<string>();
  for (const file of sample.files) {
    const ids = naming === 'strict' ? file.strictIds : file.relaxedIds;
    const found = ids?.filter(id => observationIds.has(id)) ?? [];
    const source = cloud.drive.tree.get(sourceOf(cloud, file));
    if (found.length === 0 || !source.canDownload) continue;
    const contentType = source.mimeType;
    const observationId = observationIds.get(found[0]!)!;
    const key = `media/${observationId}/${file.name}`;
    const contents = [...(objects.get(key)?.contents ?? []), source.content!.bytes()];
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
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The same, and each file has come out of the last stage. */
export function expectAllLinked(cloud: Cloud, sample: SampleFolder, home: Home): void {
  expectArrived(cloud, sample);
  const ids = home.manifest(sample.folderId, 'link').map(({ id }) => id);
  expect(new Set(ids).size).to.equal(sample.files.length);
}
