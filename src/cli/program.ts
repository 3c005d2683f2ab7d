import { Command, CommanderError } from 'commander';
import { describeFailure } from './errors.js';
import { packageVersion } from './package-root.js';
import { addSettingOptions } from './setting-options.js';

/**
 * Runs a command line and resolves to its exit code. What a command needs is loaded when it runs,
 * so that help and small commands answer at once.
 * @param argv as in `process.argv`
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode;
    }
    const { text, exitCode } = describeFailure(error);
    process.stderr.write(`slipway: ${text}\n`);
    return exitCode;
  }
}

/** The commands, with their options and what they run. */
export function buildProgram(): Command {
  const program = new Command('slipway')
    .version(packageVersion(), '--version', 'print the version')
    .description('Python sessions on a server, published as web services.')
    .showHelpAfterError('Run the command with --help for its options.')
    .exitOverride();
  addServerCommands(program.command('server').description('Run, stop and inspect the server.'));
  addKernelCommands(
    program.command('kernel').description('Add the kernel to Jupyter, list and remove it.'),
  );
  program
    .command('doctor')
    .description('Check all that a notebook needs, down to a cell, and say what to do.')
    .option('--data <directory>', 'the data directory of your own server (SLIPWAY_HOME)')
    .option('--json', 'print it for a program')
    .action(async (options) => (await import('./doctor/index.js')).runDoctor(options));
  program
    .command('token')
    .description('Log in to your own running server and print an access token.')
    .option('--header', 'print the header line, for: curl -H @-')
    .option('--data <directory>', "the server's data directory (SLIPWAY_HOME)")
    .action(async (options) => (await import('./token.js')).printToken(options));
  addUserCommands(program.command('user').description('Manage local accounts.'));
  return program;
}

function addServerCommands(server: Command): void {
  addSettingOptions(server.command('run'))
    .description('Run the server until it is stopped.')
    .action(async (options) => (await import('./server-run.js')).runServer(options));
  addSettingOptions(server.command('config'))
    .description('Check the configuration, and show each setting and where it comes from.')
    .option('--json', 'print it for a program')
    .action(async (options) => (await import('./server-config.js')).showConfig(options));
  const data = (command: Command) =>
    command.option('--data <directory>', 'the data directory (SLIPWAY_HOME)');
  data(server.command('start'))
    .description('Find your own server, or start it in the background, and print its URL.')
    .action(async (options) => (await import('./server-start.js')).startServer(options));
  data(server.command('stop'))
    .description('Stop the server of a data directory, and tell what ended with it.')
    .action(async (options) => (await import('./server-stop.js')).stopServer(options));
  data(server.command('status'))
    .description(
      'Tell whether the server of a data directory takes requests; exit code 1 when none runs, 2 when it is not ready.',
    )
    .option('--json', 'print it for a program')
    .action(async (options) => (await import('./server-status.js')).showStatus(options));
  data(server.command('backup'))
    .description('Copy the data of a server, which may run meanwhile, into a new folder.')
    .argument('<folder>', 'the folder, which is created')
    .action(async (folder, options) =>
      (await import('./server-backup.js')).makeBackup(folder, options),
    );
  data(server.command('restore'))
    .description('Put a backup into a data directory that no server uses.')
    .argument('<folder>', 'the folder that "slipway server backup" has made')
    .option('--replace', 'put it in the place of data that is there, which is kept beside it')
    .action(async (folder, options) =>
      (await import('./server-backup.js')).restoreBackup(folder, options),
    );
  data(server.command('rotate-key'))
    .description('Exchange the key that signs access tokens; nobody is logged out.')
    .action(async (options) => (await import('./server-rotate-key.js')).exchangeKey(options));
  data(server.command('logs'))
    .description('Show the end of the log of the server of a data directory.')
    .option('-n, --lines <number>', 'how many lines', '50')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--json', 'print the lines as they are: JSON')
    .action(async (options) => (await import('./server-logs.js')).showLogs(options));
}

function addUserCommands(user: Command): void {
  const command = (name: string, description: string) =>
    user
      .command(name)
      .description(description)
      .option('--data <directory>', "the server's data directory (SLIPWAY_HOME)");
  command('add', 'Create an account; its password is asked for, or read from a pipe.')
    .argument('<name>', 'the account')
    .option('--role <role>', 'Owner, Contributor (the default) or Reader')
    .action(async (name, options) => (await import('./user.js')).addUser(name, options));
  command('password', 'Set the password of an account; it is asked for, or read from a pipe.')
    .argument('[name]', 'the account', 'admin')
    .action(async (name, options) => (await import('./user.js')).setPassword(name, options));
  command('role', 'Give an account the role Owner, Contributor or Reader.')
    .argument('<name>', 'the account')
    .argument('<role>', 'its role from now on')
    .action(async (name, role, options) =>
      (await import('./user.js')).setRole(name, role, options),
    );
  command('remove', 'Remove an account and end its logins; its services stay.')
    .argument('<name>', 'the account')
    .action(async (name, options) => (await import('./user.js')).removeUser(name, options));
  command('list', 'Show the accounts and their roles.')
    .option('--json', 'print it for a program')
    .action(async (options) => (await import('./user.js')).listUsers(options));
}

function addKernelCommands(kernel: Command): void {
  const places = (command: Command) =>
    command
      .option('--user', 'for this user (the default)')
      .option('--sys-prefix', 'in the environment of the interpreter')
      .option('--prefix <directory>', 'below a directory, as share/jupyter/kernels');
  places(kernel.command('install'))
    .description('Add the kernel, or bring its entry up to date.')
    .option('--server <url>', "the server that notebooks use; without it each user's own, here")
    .option('--username <name>', 'with --server: the user; the password is never kept here')
    .option('--auth <method>', 'with --server: admin (user name and password) or token')
    .option('--ca-file <path>', 'with --server: the certificates to trust, in PEM form')
    .option('--credential-command <command>', 'with --server: what prints the login')
    .option('--python <path>', 'the interpreter of sessions and services (SLIPWAY_PYTHON)')
    .action(async (options) => (await import('./kernel-commands.js')).installKernel(options));
  kernel
    .command('list')
    .description('Show where Jupyter has the kernel, and what it runs on.')
    .option('--prefix <directory>', 'look into this environment as well')
    .option('--json', 'print it for a program')
    .action(async (options) => (await import('./kernel-commands.js')).listKernels(options));
  places(kernel.command('remove'))
    .description('Take the kernel away.')
    .option('--python <path>', 'the interpreter whose environment --sys-prefix means')
    .action(async (options) => (await import('./kernel-commands.js')).removeKernel(options));
}
