/** A name of a group with what directories ignore taken out: case, and blanks between parts. */
function normal(name: string): string {
  return name
    .replace(/\s*([,=])\s*/g, '$1')
    .trim()
    .toLowerCase();
}

/**
 * Whether a group is the one that a setting names: by its whole distinguished name, or by the value
 * of its first part, `Administrators` for `CN=Administrators,OU=Groups,DC=example,DC=org`.
 */
export function isSameGroup(dn: string, declared: string): boolean {
  const name = declared.trim().toLowerCase();
  return normal(dn) === normal(declared) || firstValue(dn).toLowerCase() === name;
}

/** The value of the first part of a distinguished name, without its escapes. */
function firstValue(dn: string): string {
  const [, escaped = ''] = /^[^=,+]+=((?:\\.|[^\\,+])*)/su.exec(dn) ?? [];
  const bytes = (hex: string) => Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8');
  return escaped
    .replace(/(?:\\[\da-f]{2})+/gi, bytes)
    .replace(/\\(.)/gsu, '$1')
    .trim();
}

/**
 * A search filter with a name in the place of `{0}`: escaped, so that nothing in it has a meaning.
 * @param escaped that of RFC 4515
 */
export function fillFilter(
  template: string,
  name: string,
  escaped: (value: string) => string,
): string {
  const filter = template.startsWith('(') ? template : `(${template})`;
  return filter.replaceAll('{0}', () => escaped(name));
}
