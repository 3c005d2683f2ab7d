import type { MagicContext } from '../magic-context.js';
import { code, formatTime, shorten } from '../output/index.js';
import { type MagicCall, type MagicDefinition, optional } from './definition.js';
import { findService, serviceNotFound, versionsOf } from './service-lookup.js';
import { serviceView } from './service-view.js';
import { show } from './show.js';

/** `%services`: what is published. */
export const services: MagicDefinition = {
  name: 'services',
  summary: 'Lists web services, or shows one version.',
  forms: [
    {
      takes: [optional('NAME', 'service'), optional('VERSION', 'version')],
      summary: 'Lists all services, the versions of one, or shows one version.',
      async run(call, context) {
        const name = call.arguments.optionalWord(0)?.text;
        const version = call.arguments.optionalWord(1)?.text;
        if (name === undefined || version === undefined) return list(call, context);
        const service = await findService(context, name, version);
        show(context, serviceView(await context.client(), service));
      },
    },
  ],
  examples: ['%services', '%services Iris', '%services Iris V1.0'],
};

async function list(call: MagicCall, context: MagicContext): Promise<void> {
  const name = call.arguments.optionalWord(0)?.text;
  const { services: published } = await context.client();
  const found = name === undefined ? await published.list() : await versionsOf(context, name);
  if (name !== undefined && found.length === 0) throw await serviceNotFound(context, name);
  show(context, {
    title: name === undefined ? 'Web services' : `Versions of ${name}`,
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: 'Name' },
          { title: 'Version' },
          { title: 'Inputs' },
          { title: 'Outputs' },
          { title: 'Owner' },
          { title: 'Published', oneLine: true },
          { title: 'Description' },
        ],
        rows: found.map((service) => [
          code(service.name),
          code(service.version),
          service.inputParameterDefinitions.map((each) => `${each.name}: ${each.type}`).join(', '),
          service.outputParameterDefinitions.map((each) => `${each.name}: ${each.type}`).join(', '),
          service.versionPublishedBy,
          formatTime(service.creationTime),
          shorten(service.description ?? '', 80),
        ]),
        empty: 'No service is published yet. %publish FUNCTION NAME VERSION does it.',
      },
    ],
    data: found.map((service) => ({ ...service })),
  });
}
