import { v5 as uuidv5 } from 'uuid';

/** Namespace of the media ids. It must never change: finished migrations would be linked a second time. */
const NAMESPACE = '6f3b7a52-9d0e-4c1b-8f64-2d1c5e7ab390';

/**
 * The id of the media record that links an observation to an object: a UUIDv5 (RFC 9562) of both, so that a second
 * attempt finds the record of the first.
 */
export function mediaIdOf(observationId: string, key: string): string {
  return uuidv5(`${observationId}\n${key}`, NAMESPACE);
}
