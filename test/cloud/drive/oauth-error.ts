/** Refusals of the authorization server, RFC 6749, 5.2: `{error, error_description}`. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, description: string, httpStatus = 400) {
    super(description);
    this.code = code;
    this.httpStatus = httpStatus;
  }
}
