/**
 * Errors in the shape of Drive v3: `{error: {code, message, errors: [{domain, reason, message, location, locationType}], status?}}`.
 * Reasons and texts after https://developers.google.com/workspace/drive/api/guides/handle-errors.
 */
import type { ServerResponse } from 'node:http';
import { sendJson } from '../service.ts';

interface Details {
  domain?: string;
  /** The parameter or header at fault. */
  location?: string;
  locationType?: 'parameter' | 'header';
  /** The newer, canonical name (`UNAUTHENTICATED`), where Google sends one. */
  status?: string;
  /** `reason` of the newer google.rpc.ErrorInfo, where Google sends one. */
  info?: string;
  headers?: Record<string, string>;
}

/** A refusal; `httpStatus` is the HTTP status and `reason` Google's word for why. */
export class DriveError extends Error {
  override readonly name = 'DriveError';
  readonly httpStatus: number;
  readonly reason: string;
  readonly details: Details;

  constructor(httpStatus: number, reason: string, message: string, details: Details = {}) {
    super(message);
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.details = details;
  }
}

/** 400, the value of a query parameter. */
export function invalidParameter(
  location: string,
  message = 'Invalid Value',
  reason = 'invalid',
): DriveError {
  return new DriveError(400, reason, message, { location, locationType: 'parameter' });
}

/** 404; also for what exists but is not shared with the caller, which Google does not tell apart. */
export function fileNotFound(id: string): DriveError {
  return new DriveError(404, 'notFound', `File not found: ${id}.`, {
    location: 'fileId',
    locationType: 'parameter',
  });
}

/** 401, for a token that is unknown, expired or revoked. */
export function invalidCredentials(): DriveError {
  return new DriveError(401, 'authError', 'Invalid Credentials', {
    location: 'Authorization',
    locationType: 'header',
    status: 'UNAUTHENTICATED',
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  });
}

/** 403, for a token that was not given for this operation. */
export function insufficientScope(): DriveError {
  return new DriveError(403, 'insufficientPermissions', 'Insufficient Permission', {
    status: 'PERMISSION_DENIED',
    info: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    headers: {
      'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"',
    },
  });
}

/** The body that goes with an error; tests that inject faults use it to speak as Drive does. */
export function errorBody(error: DriveError): object {
  const { domain = 'global', location, locationType, status, info } = error.details;
  return {
    error: {
      code: error.httpStatus,
      message: error.message,
      errors: [{ message: error.message, domain, reason: error.reason, location, locationType }],
      status,
      ...(info
        ? { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: info, domain }] }
        : {}),
    },
  };
}

export function sendDriveError(response: ServerResponse, error: DriveError): void {
  sendJson(response, error.httpStatus, errorBody(error), error.details.headers);
}
