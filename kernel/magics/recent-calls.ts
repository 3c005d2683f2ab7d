import type { JsonValue } from '../../src/api/index.js';
import type { RServerClient } from '../../src/client/index.js';

/** Characters of JSON; longer values make no example. */
const VALUE_LIMIT = 300;

/** Values of the last call of each service that succeeded, by server and by name of the service. */
const recent = new WeakMap<RServerClient, Map<string, Record<string, JsonValue>>>();

/** Remembers the values of a call that worked: the ready calls on later cards use them. */
export function rememberCall(
  client: RServerClient,
  service: string,
  parameters: Readonly<Record<string, string>>,
): void {
  const short = Object.entries(parameters).filter(([, json]) => json.length <= VALUE_LIMIT);
  const values = short.map(([name, json]) => [name, JSON.parse(json) as JsonValue]);
  const services = recent.get(client) ?? new Map<string, Record<string, JsonValue>>();
  recent.set(client, services.set(service, Object.fromEntries(values)));
}

/** The values of the last call of a service; empty when there was none. */
export function recentValues(client: RServerClient, service: string): Record<string, JsonValue> {
  return recent.get(client)?.get(service) ?? {};
}
