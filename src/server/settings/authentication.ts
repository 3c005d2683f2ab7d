import type { AuthenticationConfig } from '../config.js';
import { authority, flag, integer, list, path, quotable, seconds, text } from './kinds.js';
import { Setting, type SettingTable } from './setting.js';

/** Who checks the logins of a server that does not do it itself. */
export const AUTHENTICATION: SettingTable<AuthenticationConfig> = {
  ldap: {
    host: new Setting(
      text('an address or a host name'),
      "the directory that checks passwords, see [LDAP and Active Directory](#ldap-and-active-directory); R Server's `Host`",
      { isRequired: true },
    ),
    port: new Setting(integer('a port', 1, 65_535), "its port; R Server's `Port`", {
      defaultText: '636 with LDAPS, else 389',
    }),
    useLdaps: new Setting(flag, "whether it speaks LDAPS; R Server's `UseLDAPS`", {
      default: false,
    }),
    startTls: new Setting(flag, 'whether connections to it begin with StartTLS', {
      default: false,
    }),
    caFile: new Setting(path(), 'certificates of authorities to trust for it, in PEM form', {
      defaultText: 'those that Node trusts',
    }),
    insecure: new Setting(
      flag,
      'allows passwords to cross the network without TLS; on this machine they may',
      { default: false },
    ),
    queryUserDn: new Setting(
      text(),
      "distinguished name of who looks for users; R Server's `QueryUserDn`",
      { defaultText: 'nobody: an anonymous search' },
    ),
    queryUserPassword: new Setting(text(), "the password of that; R Server's `QueryUserPassword`", {
      isSecret: true,
    }),
    searchBase: new Setting(
      text(),
      "distinguished name below which users are; R Server's `SearchBase`",
      { isRequired: true },
    ),
    searchFilter: new Setting(
      text(),
      "how a user is found by the name that they log in with, `{0}`; R Server's `SearchFilter`",
      { default: 'cn={0}' },
    ),
    uniqueUserIdentifierAttributeName: new Setting(
      text(),
      "attribute that is the name of a user here, as owner of services; R Server's `UniqueUserIdentifierAttributeName`",
      { default: 'userPrincipalName' },
    ),
    groupSearchBase: new Setting(text(), 'distinguished name below which groups are', {
      defaultText: '`searchBase`',
    }),
    timeout: new Setting(seconds(1, 600), 'seconds that the directory may take for a login', {
      default: 10,
    }),
  },
  openid: {
    authority: new Setting(
      authority,
      "address of the issuer whose access tokens count, see [Azure AD and other issuers](#azure-ad-and-other-issuers); R Server's `Authority`",
      { isRequired: true },
    ),
    audience: new Setting(
      quotable('the identifier of an API'),
      "the API that tokens must be meant for, as it is registered at the issuer; R Server's `Audience`",
      { isRequired: true },
    ),
    clientId: new Setting(
      quotable('the identifier of a client'),
      'the public client that notebooks log in with, as it is registered at the issuer',
      { isRequired: true },
    ),
    scope: new Setting(quotable('scopes between blanks'), 'what notebooks ask the issuer for', {
      defaultText: '`openid profile offline_access`, at Microsoft also `AUDIENCE/.default`',
    }),
    userClaim: new Setting(
      text('the name of a claim'),
      'where the name of the user stands in a token',
      { defaultText: 'the first that is there of `upn`, `preferred_username`, `sub`' },
    ),
    tenants: new Setting(
      list(text(), 'a list of tenant ids'),
      'tenants that are let in, where the authority is that of all tenants (`organizations`)',
      { default: [] },
    ),
  },
};
