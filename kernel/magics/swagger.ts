import type { JsonValue } from '../../src/api/index.js';
import { NotAnRServerError } from '../../src/client/index.js';
import type { MagicContext } from '../magic-context.js';
import { type MagicCall, type MagicDefinition, optional, word } from './definition.js';
import { findService } from './service-lookup.js';
import { serviceUrl } from './service-view.js';
import { checkFileName } from './session-file-name.js';
import { show } from './show.js';
import { swaggerView } from './swagger-view.js';

const NOT_OF_A_SERVICE = 'its Swagger document does not describe a service';

/** `%swagger`: the document that client generators read. */
export const swagger: MagicDefinition = {
  name: 'swagger',
  summary: 'Shows the Swagger document of a web service.',
  options: {
    save: { value: 'FILE', summary: 'Saves it into the working directory of the session.' },
  },
  forms: [
    {
      takes: [word('NAME', 'service'), optional('VERSION', 'version')],
      options: ['save'],
      summary: 'Shows the document, or saves it; without VERSION, of the newest.',
      run,
    },
  ],
  examples: ['%swagger Iris V1.0', '%swagger Iris V1.0 --save swagger.json'],
};

async function run(call: MagicCall, context: MagicContext): Promise<void> {
  const file = call.arguments.value('save');
  if (file !== undefined) checkFileName('swagger', file);
  const name = call.arguments.word(0).text;
  const given = call.arguments.optionalWord(1)?.text;
  const version = given ?? (await findService(context, name, undefined)).version;
  const client = await context.client();
  const text = await client.services.swagger(name, version);
  const data = parse(text, client.url);
  if (file === undefined) {
    const url = `${serviceUrl(client, name, version)}/swagger.json`;
    const view = swaggerView({ url, text, data });
    if (view === undefined) throw new NotAnRServerError(client.url, NOT_OF_A_SERVICE);
    return show(context, view);
  }
  const { sessionId } = await context.link();
  await client.sessions.uploadFile(sessionId, file, text);
  const where = `${file} in the working directory of the session`;
  show(context, {
    blocks: [
      { kind: 'note', tone: 'good', text: `Swagger of ${name} ${version} saved: ${where}.` },
    ],
    data: { name, version, file },
  });
}

function parse(text: string, url: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new NotAnRServerError(url, 'its Swagger document is not JSON');
  }
}
