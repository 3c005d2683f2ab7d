/** Access tokens of an outside issuer of OpenID Connect, such as Microsoft's Entra ID (Azure AD). */
export {
  IssuerUnavailableError,
  LocalLoginDisabledError,
  NamelessTokenError,
  OutsideTokenExpiredError,
  OutsideTokenInvalidError,
  TokenNotYetValidError,
  UnknownSigningKeyError,
  WrongAudienceError,
  WrongIssuerError,
} from './errors.js';
export { type OpenIdState, OpenIdTokens, type OutsideUser } from './tokens.js';
