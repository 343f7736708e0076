/** What tells one sign-in from another: the user, and the app client that asked for the tokens. */
export interface SignInKey {
  userPoolId: string;
  clientId: string;
  username: string;
}
