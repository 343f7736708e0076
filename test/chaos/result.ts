/** What a migration has left behind, looked at in the cloud and in the manifests, and whether it is what it should be. */
import { inspect } from 'node:util';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { STAGES } from '../../stages/record.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Home } from '../e2e/sandbox.ts';
import type { ChaosFolder } from './folder.ts';

/** Everything that must be the same after any two migrations of one folder. Values are texts, to be compared. */
export interface Result {
  /** By key: content type, md5, and the Drive file that it came from. */
  objects: Map<string, string>;
  /** By media id. */
  media: Map<string, string>;
  /** By file id: the record as it came out of the last stage. */
  records: Map<string, string>;
  /** What the projection says of each file. */
  progress: Map<string, string>;
}

export function resultOf({ s3, appSync }: Cloud, home: Home, { folderId }: ChaosFolder): Result {
  const projection = JSON.parse(home.read(`progress_${folderId}.json`)) as { files: Record<string, object> };
  return {
    objects: new Map(
      s3
        .objects()
        .map(({ key, contentType, md5, headers }) => [
          key,
          `${contentType}, md5 ${md5}, of ${headers['x-amz-meta-drive-file-id']}`,
        ]),
    ),
    media: new Map(
      [...appSync.media.values()].map(item => [
        item.id,
        `${item.observationId} ${item.url} ${item.type} ${item.isAvailableForPublicUse}`,
      ]),
    ),
    records: textsById(lastOf(home, folderId, 'link')),
    progress: textsById(new Map(Object.entries(projection.files))),
  };
}

/** Differences that are told one by one. */
const SHOWN = 6;

/** In words, how one result differs from another; nothing if it does not. */
export function differences(found: Result, undisturbed: Result): string[] {
  const all = (Object.keys(found) as (keyof Result)[]).flatMap(part => {
    const names = new Set([...found[part].keys(), ...undisturbed[part].keys()]);
    return [...names].flatMap(name => {
      const [is, should] = [found[part].get(name) ?? 'nothing', undisturbed[part].get(name) ?? 'nothing'];
      return is === should ? [] : [`${part}: ${name} is ${is}\n  and undisturbed it is ${should}`];
    });
  });
  return all.length > SHOWN ? [...all.slice(0, SHOWN), `and ${all.length - SHOWN} more`] : all;
}

/** In words, what is wrong with a migration that says it is done; nothing if all is right. */
export function faultsOf(cloud: Cloud, home: Home, folder: ChaosFolder): string[] {
  const { tree } = cloud.drive;
  const records = lastOf(home, folder.folderId, 'link');
  const wrong: string[] = [];
  for (const stage of STAGES) {
    const ids = new Set(lastOf(home, folder.folderId, stage).keys());
    for (const id of folder.fileIds)
      if (!ids.has(id)) wrong.push(`${stage}.ndjson has lost ${tree.get(id).name} (${id})`);
    if (ids.size > folder.fileIds.length) wrong.push(`${stage}.ndjson has files that Drive does not have`);
  }
  const owners = new Map<string, FileRecord>();
  const links = new Set<string>();
  for (const record of records.values()) {
    if (['pending', 'downloaded', 'uploaded', 'failed'].includes(record.status)) {
      wrong.push(`${record.name} (${record.id}) is ${record.status} at the end: ${record.error?.message}`);
    }
    if (!record.url) continue;
    if (owners.has(record.key!)) wrong.push(`${record.key} belongs to two records`);
    owners.set(record.key!, record);
    for (const { id, observationId } of record.media ?? []) {
      links.add(id);
      const item = cloud.appSync.media.get(id);
      if (item?.url !== record.url || item.observationId !== observationId) {
        wrong.push(`the media record ${id} of ${record.name} is not there, or not as it should be`);
      }
    }
    if (record.media?.length !== record.observations?.length)
      wrong.push(`${record.name} is not linked to all it shows`);
  }
  const keys = new Set<string>();
  for (const { key, md5 } of cloud.s3.objects()) {
    keys.add(key);
    const owner = owners.get(key);
    if (!owner) wrong.push(`the object ${key} belongs to no record`);
    else if (md5 !== tree.get(owner.id).content?.md5())
      wrong.push(`the object ${key} does not have the bytes of Drive`);
  }
  for (const key of owners.keys()) if (!keys.has(key)) wrong.push(`the object ${key} is missing`);
  const pairs = [...cloud.appSync.media.values()].map(({ observationId, url }) => `${observationId} ${url}`);
  if (new Set(pairs).size < pairs.length) wrong.push('there are media records twice');
  if (cloud.appSync.media.size !== links.size) {
    wrong.push(`${cloud.appSync.media.size} media records for ${links.size} links`);
  }
  return wrong;
}

/** Keys under which something stands that no file of Drive has, at any moment. `known` keeps what was looked at before. */
export function wrongBytes({ s3, drive }: Cloud, known: Set<string>): string[] {
  return s3.objects().flatMap(object => {
    const seen = `${object.key} ${object.etag}`;
    if (known.has(seen)) return [];
    known.add(seen);
    const source = drive.tree.find(object.headers['x-amz-meta-drive-file-id'] ?? '');
    return source?.content?.md5() === object.md5
      ? []
      : [`${object.key} was visible with other bytes than Drive has`];
  });
}

function lastOf(home: Home, folderId: string, stage: StageName): Map<string, FileRecord> {
  return new Map(home.manifest(folderId, stage).map(record => [record.id, record]));
}

/** With the fields of each in one order, and without the time at which an object was stored. */
function textsById(values: Map<string, object>): Map<string, string> {
  const text = (value: object) =>
    inspect(
      { ...value, storedAt: null },
      { sorted: true, depth: null, maxArrayLength: null, breakLength: 1e6 },
    );
  return new Map([...values].map(([id, value]) => [id, text(value)]));
}
