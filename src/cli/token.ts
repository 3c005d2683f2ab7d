import {
  connectConfigured,
  findEmbeddedServer,
  type LoginQuestion,
  RServerClient,
  resolveConfiguration,
} from '../client/index.js';
import { CommandError } from './errors.js';
import { dataDirectory } from './settings.js';
import { askSilently } from './terminal.js';

/** Logs in to this user's running server, or to the one that is configured. */
export async function printToken(options: { header?: boolean; data?: string }): Promise<void> {
  const client = await connect(options.data);
  try {
    const token = await client.accessToken();
    process.stdout.write(options.header ? `Authorization: Bearer ${token}\n` : `${token}\n`);
  } finally {
    await client.close();
  }
}

async function connect(data: string | undefined): Promise<RServerClient> {
  if (data === undefined && (await resolveConfiguration()).url !== undefined) {
    return connectConfigured(process.stdin.isTTY ? { ask: askInTerminal } : {});
  }
  const directory = dataDirectory(data);
  const location = await findEmbeddedServer(directory);
  if (location === undefined) {
    throw new CommandError(
      `None of your kernels runs a server on ${directory}. Open a notebook with the Slipway kernel, or set SLIPWAY_URL, SLIPWAY_USER and SLIPWAY_PASSWORD.`,
    );
  }
  return new RServerClient(location);
}

async function askInTerminal(question: LoginQuestion): Promise<string> {
  if (question.kind === 'secret') return await askSilently(question.prompt);
  const { page, code } = await question.begin();
  process.stderr.write(
    `To log in to ${question.url}, open ${page} and enter the code ${code} there.\n`,
  );
  return await new Promise((resolve) => {
    question.signal.addEventListener('abort', () => resolve(''), { once: true });
  });
}
