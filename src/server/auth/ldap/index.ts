/** Logins that an LDAP server or Active Directory checks. */
export { LdapDirectory, type OnProblem } from './ldap-directory.js';
