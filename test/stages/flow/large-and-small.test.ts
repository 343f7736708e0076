import { expect } from 'chai';
import { LargeAndSmall } from '../../../stages/flow/large-and-small.ts';

const MIB = 1024 * 1024;
const photo = (name: string) => ({ name, size: 3 * MIB });
const video = (name: string, mib: number) => ({ name, size: mib * MIB });
type File = { name: string; size: number | null };

function roomWith(...files: File[]): LargeAndSmall<File> {
  const room = new LargeAndSmall<File>();
  for (const file of files) room.add(file);
  return room;
}

/** Names in the order in which they go to workers of whom none ever comes back. */
function taken(room: LargeAndSmall<File>, workers: number, count = workers): string[] {
  return Array.from({ length: count }, () => room.next(workers)?.name ?? '-');
}

describe('Large and small files that wait for a worker', () => {
  it('go side by side: large ones on some of the workers, the largest first', () => {
    const room = roomWith(photo('p1'), video('v1', 50), photo('p2'), video('v2', 900), video('v3', 70));
    expect(taken(room, 4)).to.deep.equal(['v2', 'v3', 'p1', 'p2']);
  });

  it('go on more workers if they are large and fall behind the small ones', () => {
    const videos = Array.from({ length: 9 }, (_, index) => video(`v${index}`, 100));
    const room = roomWith(...videos, photo('p0'), photo('p1'), photo('p2'), photo('p3'));
    expect(taken(room, 10)).to.deep.equal(['v0', 'v1', 'v2', 'p0', 'p1', 'v3', 'v4', 'p2', 'v5', 'p3']);
  });

  it('give way to small ones that come while large ones are on their share of the workers', () => {
    const room = roomWith(video('v1', 20), video('v2', 30), video('v3', 40));
    const first = room.next(2)!;
    room.add(photo('p1'));
    expect(room.next(2)!.name).to.equal('p1');
    room.done(first);
    room.add(photo('p2'));
    expect(room.next(2)!.name).to.equal('v2');
  });

  it('are let in only as far as there are places', () => {
    const room = new LargeAndSmall<File>(2);
    room.add(photo('p1'));
    expect(room.isFull).to.equal(false);
    room.add(video('v1', 20));
    expect(room.isFull).to.equal(true);
    room.next(1);
    expect(room.isFull).to.equal(false);
  });
});
