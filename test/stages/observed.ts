/** Records that parse has read, and observations for resolve to find. */
import type { Observation, ObservationTable } from '../../stages/observation-finder.ts';
import type { FileRecord } from '../../stages/record.ts';
import { fileRecord } from './flow.ts';

/** Observations that are found by a sweep of one page. */
export function tableOf(...observations: Observation[]): ObservationTable & { sweeps: number } {
  return {
    sweeps: 0,
    index: async () => null,
    async *sweep() {
      this.sweeps += 1;
      yield observations;
    },
  };
}

export const obs = (sequentialId: number, discriminator?: string | null): Observation => ({
  id: `obs-${sequentialId}${discriminator ? `-${discriminator}` : ''}`,
  sequentialId,
  ...(discriminator !== undefined && { discriminator }),
});

export function parsed(fields: Partial<FileRecord> = {}): FileRecord {
  return fileRecord({
    sequentialIds: [6602],
    pattern: 'single',
    type: 'IMAGE',
    contentType: 'image/jpeg',
    ...fields,
  });
}
