/** What an error of AppSync means (docs/services.md, AppSync). It puts `errorType` beside `message`, not in `extensions`. */
import { RunError } from '../../../stages/errors.ts';
import {
  connectionError,
  type FaultKind,
  faultOf,
  type RetryPolicy,
  retryPolicyFor,
} from '../../../stages/retry/faults.ts';

export interface AppSyncError {
  message?: string;
  errorType?: string;
  /** First element is the alias of the field that failed; absent when the whole document was refused. */
  path?: (string | number)[] | null;
}

/** The place in a list of the item that an error is about; null if it is about something else. */
export function itemOf({ path }: AppSyncError): number | null {
  const [list, items, index] = path ?? [];
  return typeof list === 'string' && items === 'items' && typeof index === 'number' ? index : null;
}

/** True for an error about a field of the record that a query returns, as opposed to the query itself. */
export function isOfField({ path }: AppSyncError): boolean {
  return (path?.length ?? 0) > 1;
}

/** A request without a usable answer. `status` is null when none came at all. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly status: number | null;
  readonly errors: AppSyncError[];

  constructor(status: number | null, message: string, errors: AppSyncError[] = [], options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.errors = errors;
  }
}

/** True for a record that exists already (its create is conditional on the id being free). */
export function isConflict(error: AppSyncError): boolean {
  return (error.errorType ?? '').includes('ConditionalCheckFailedException');
}

/** True if the user is signed in but may not do this: not in the group that the model asks for. */
export function isForbidden(error: AppSyncError): boolean {
  return error.errorType === 'Unauthorized';
}

/** Types of errors that meet the same request again. Whatever is not among them may succeed a moment later. */
const LASTING_TYPES =
  /Unauthori[sz]ed|AccessDenied|Forbidden|Validation|BadRequest|Malformed|ConditionalCheckFailed|MappingTemplate|NotFound|DynamoDbException|^ArgumentError/i;

export function fieldFault({ errorType = '', message = '' }: AppSyncError): FaultKind {
  if (faultOf({ errorType }).kind === 'throttled') return 'throttled';
  if (LASTING_TYPES.test(errorType)) return 'refused';
  // AppSync names no type when a document or a value of it does not fit the schema.
  return errorType || /timed? ?out/i.test(message) ? 'temporary' : 'refused';
}

export function isTemporary(error: AppSyncError): boolean {
  return fieldFault(error) !== 'refused';
}

/** A value that AppSync cannot return, like a required field without a value: no attempt will help. */
export function isUnreadable(error: AppSyncError): boolean {
  return !isTemporary(error) && !isForbidden(error);
}

/** Retries of a request that failed as a whole, or whose fields failed (status 200). */
export const requestRetryPolicy: RetryPolicy = error => {
  if (!(error instanceof RequestFailed)) return { again: false, afterMs: null };
  if (error.status !== 200) return retryPolicyFor()(error);
  const kinds = error.errors.map(fieldFault);
  const again = kinds.length > 0 && !kinds.includes('refused');
  return { again, throttled: again && kinds.includes('throttled'), afterMs: null };
};

export function isSignInRefused(error: unknown): boolean {
  if (!(error instanceof RequestFailed)) return false;
  return error.status === 401 || error.errors.some(({ errorType }) => errorType === 'UnauthorizedException');
}

/** AppSync has no error type for a page token that is not taken any more: its words, and those of DynamoDB's start key. */
export function isBadPageToken(error: unknown): boolean {
  const failed = error instanceof RunError ? error.cause : error;
  const words = /(pagination|page|next) ?token|ExclusiveStartKey|starting key/i;
  return failed instanceof RequestFailed && failed.errors.some(({ message = '' }) => words.test(message));
}

/** What graphql-java (AppSync) and graphql-js say when a document does not validate, or a value is not coerced. */
const MISMATCH =
  /Validation ?error of type|Cannot query field|Unknown (type|argument)|FieldUndefined|UnknownType|No value found for name|does not exist in "|has an invalid value|got invalid value|coerced Null value|contains a field name/i;

/** True if the document or its values do not fit the schema: no record can be created or read. */
export function isSchemaMismatch(errors: AppSyncError[]): boolean {
  return errors.some(
    ({ message = '', errorType }) => MISMATCH.test(message) || errorType === 'ValidationError',
  );
}

/** The end of the run where schema and configuration differ. `more`: what else helps to correct it. */
export function schemaMismatch(problem: string, more = ''): RunError {
  return new RunError(
    'schema_mismatch',
    /[.!?]$/.test(problem) ? problem : `${problem}.`,
    `Correct aws.amplify.models ("migrator config --from amplify_outputs.json" reads it from the Amplify project; media types: --media-type-image, --media-type-video) or aws.amplify.api_endpoint, check with "migrator doctor", then run "migrator resume".${more}`,
  );
}

/** The end of the run for an error that concerns all records. */
export function aboutRequest(error: unknown, endpoint: string): RunError {
  if (error instanceof RunError) return error;
  const connection = connectionError(error, `AppSync (${endpoint})`);
  if (connection) return connection;
  const options = { cause: error };
  if (!(error instanceof RequestFailed)) {
    const remedy = 'Run again with --verbose and look at the log.';
    return new RunError('appsync_unexpected', `AppSync: ${String(error)}`, remedy, options);
  }
  const { message, status, errors } = error;
  if (isSignInRefused(error)) {
    return new RunError(
      'appsync_sign_in_refused',
      `AppSync does not accept the sign-in: ${message}`,
      'Check that aws.amplify.api_endpoint and aws.cognito.user_pool_id belong to the same Amplify project ("migrator show").',
      options,
    );
  }
  const forbidden = errors.find(isForbidden);
  if (forbidden) return notAllowed(forbidden);
  if (isSchemaMismatch(errors)) {
    return schemaMismatch(`The schema of AppSync does not fit the configuration: ${message}`);
  }
  const what = status === null ? `cannot be reached: ${message}` : `refused: ${message} (HTTP ${status}).`;
  return new RunError(
    status === null ? 'appsync_unreachable' : 'appsync_refused',
    `The data service at ${endpoint} ${what}`,
    `Check ${status === null ? 'the network connection and ' : ''}aws.amplify.api_endpoint ("migrator show"), then run "migrator resume".`,
    options,
  );
}

export function notAllowed(error: AppSyncError): RunError {
  return new RunError(
    'not_in_group',
    `The signed-in user may not do this in the data service: ${error.message ?? 'not authorized'}.`,
    'Add the user to the group ADMINS of the Cognito user pool, then sign in and run again.',
  );
}
