/** A check of `doctor`. */
import type { DriveRef } from '../../../stages/record.ts';
import type { ConfigError } from '../../config/error.ts';
import type { Env } from '../../config/home.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { ConfigKey } from '../../config/settings.ts';
import type { Services } from '../../services/services.ts';

export interface Surroundings {
  loaded: LoadedConfig;
  /** What is wrong with the configuration; its wrong values are left out of `loaded`. */
  fault: ConfigError | null;
  services: Services;
  env: Env;
  /** The Drive folder to look at; null if none is named. */
  root: DriveRef | null;
}

export interface Check {
  /** The name in JSON, `snake_case`. */
  name: string;
  /** The name in messages. */
  title: string;
  after?: readonly string[];
  /** Required values; the check of the configuration reports missing ones. */
  keys?: readonly ConfigKey[];
  /** What was found, for people. Throws an error with a remedy if something is wrong, {@link NotChecked} if it cannot tell. */
  run(at: Surroundings): Promise<string>;
}

/** The check does not apply; nothing is wrong. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
}

export type Outcome =
  | { status: 'ok'; detail: string }
  | { status: 'wrong'; code: string; problem: string; remedy: string }
  | { status: 'not_checked'; because: string };

export type Finding = { name: string; title: string } & Outcome;
