/**
 * The two names that a tenant of Microsoft's has as an issuer, per cloud: which of them stands in a
 * token depends on how the API is registered (`requestedAccessTokenVersion`), not on where the token
 * was asked for. https://learn.microsoft.com/entra/identity-platform/access-tokens
 */
const CLOUDS: readonly { readonly v1: string; readonly v2: readonly string[] }[] = [
  {
    v1: 'https://sts.windows.net',
    v2: ['https://login.microsoftonline.com', 'https://login.microsoftonline.us'],
  },
  {
    v1: 'https://sts.chinacloudapi.cn',
    v2: ['https://login.partner.microsoftonline.cn', 'https://login.chinacloudapi.cn'],
  },
];

/** Stands for the tenant in the name of an issuer that is that of all tenants. */
const ANY_TENANT = '{tenantid}';

/**
 * What `iss` may be in the tokens of an issuer; nothing when it is not the one that was asked.
 * @param name what the issuer calls itself
 * @param authority the address that was asked
 * @param tenants ids of the tenants that are let in, where the issuer is that of all
 */
export function acceptedIssuers(
  name: string,
  authority: string,
  tenants: readonly string[],
): readonly string[] {
  const names = name.includes(ANY_TENANT)
    ? tenants.map((tenant) => name.replace(ANY_TENANT, tenant))
    : [name];
  return names.flatMap((each) => {
    const microsoft = formsOfTenant(each);
    if (microsoft !== undefined) return microsoft;
    return withoutSlash(each) === withoutSlash(authority) ? [each] : [];
  });
}

function formsOfTenant(name: string): readonly string[] | undefined {
  for (const { v1, v2 } of CLOUDS) {
    for (const host of v2) {
      const tenant = tenantOf(name, `${v1}/`, '/') ?? tenantOf(name, `${host}/`, '/v2.0');
      if (tenant !== undefined) {
        return [`${v1}/${tenant}/`, ...v2.map((each) => `${each}/${tenant}/v2.0`)];
      }
    }
  }
  return undefined;
}

function tenantOf(name: string, prefix: string, suffix: string): string | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const tenant = name.slice(prefix.length, -suffix.length);
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(tenant) ? tenant : undefined;
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '');
}
