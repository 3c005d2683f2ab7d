import { text } from 'node:stream/consumers';
import type {
  JsonValue,
  PatchWebServiceRequest,
  PublishWebServiceRequest,
  WebService,
  WebServiceResult,
} from '../api/index.js';
import { type Call, type Caller, path } from './call.js';
import { NotFoundError, type Resource } from './errors.js';
import { jsonMembers } from './json-members.js';

/**
 * Web services: the routes under `/services` and `/api`. Those about one version throw
 * {NotFoundError} for an unknown one and {ForbiddenError} for another user's.
 */
export class ServiceRoutes {
  constructor(private readonly caller: Caller) {}

  /**
   * Publishes a version; without one the server makes up a GUID. Answers the version.
   * @throws {ConflictError} when the version exists.
   */
  async publish(
    name: string,
    version: string | undefined,
    request: PublishWebServiceRequest,
  ): Promise<string> {
    const call: Call = {
      method: 'POST',
      path: version === undefined ? path('services', name) : path('services', name, version),
      json: request,
      unlimited: true,
      ...(request.snapshotId ? { resource: { kind: 'snapshot', name: request.snapshotId } } : {}),
    };
    const answer = await this.caller.json(call);
    if (typeof answer === 'string' && answer !== '') return answer;
    if (version !== undefined) return version;
    const newest = (await this.list(name)).at(-1);
    if (newest === undefined) {
      throw new NotFoundError(`The server published "${name}" but does not list it.`, 404, '', {
        kind: 'service',
        name,
      });
    }
    return newest.version;
  }

  /** Changes what the request names and keeps the rest. */
  async update(name: string, version: string, request: PatchWebServiceRequest): Promise<void> {
    const call = this.#service('PATCH', name, version);
    await this.caller.json({ ...call, json: request, unlimited: true });
  }

  async delete(name: string, version: string): Promise<void> {
    await this.caller.json(this.#service('DELETE', name, version));
  }

  /** All services, or the versions of one, oldest first. */
  list(name?: string): Promise<WebService[]> {
    return this.caller.answer('WebServiceList', {
      method: 'GET',
      path: name === undefined ? '/services' : path('services', name),
      ...(name === undefined ? {} : { resource: { kind: 'service', name } }),
    });
  }

  async get(name: string, version: string): Promise<WebService> {
    const call = this.#service('GET', name, version);
    const [service] = await this.caller.answer('WebServiceList', call);
    if (service !== undefined) return service;
    const message = `There is no version "${version}" of the service "${name}".`;
    throw new NotFoundError(message, 404, '', { kind: 'service', name, version });
  }

  /** The Swagger document of a version, formatted as the server sends it. */
  async swagger(name: string, version: string): Promise<string> {
    return text(await this.caller.stream(this.#api('GET', name, version, 'swagger.json')));
  }

  /**
   * Calls a service with parameters as JSON texts, and answers its outputs as texts too: values
   * that are passed on from Python to Python stay exact.
   * @throws {ServerBusyError} when too many calls wait.
   */
  async consumeTexts(
    name: string,
    version: string,
    parameters: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<{ result: WebServiceResult; outputs: Map<string, string> }> {
    const members = Object.entries(parameters).map(
      ([key, value]) => `${JSON.stringify(key)}:${value}`,
    );
    const call: Call = {
      ...this.#api('POST', name, version),
      body: `{${members.join(',')}}`,
      contentType: 'application/json',
      unlimited: true,
      ...(signal === undefined ? {} : { signal }),
    };
    const { value: result, text: answer } = await this.caller.answerText('WebServiceResult', call);
    return { result, outputs: jsonMembers(jsonMembers(answer).get('outputParameters') ?? '{}') };
  }

  /**
   * Calls a service. Code that fails is an answer with `success: false`.
   * @throws {ServerBusyError} when too many calls wait.
   */
  consume(
    name: string,
    version: string,
    parameters: Readonly<Record<string, JsonValue>>,
    signal?: AbortSignal,
  ): Promise<WebServiceResult> {
    return this.caller.answer('WebServiceResult', {
      ...this.#api('POST', name, version),
      json: parameters,
      unlimited: true,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #service(method: Call['method'], name: string, version: string): Call {
    const resource: Resource = { kind: 'service', name, version };
    return { method, path: path('services', name, version), resource };
  }

  #api(method: Call['method'], name: string, version: string, ...rest: string[]): Call {
    const resource: Resource = { kind: 'service', name, version };
    return { method, path: path('api', name, version, ...rest), resource };
  }
}
