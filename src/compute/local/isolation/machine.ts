import { access, constants, lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Folders at the root that are links into /usr on most systems. */
const PROGRAM_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/**
 * What programs read in /etc, of which none holds a secret. /etc as a whole would not do: keys and
 * passwords of services, ours among them, may be readable to the account of the server.
 */
const SYSTEM_FILES = [
  ...['passwd', 'group', 'nsswitch.conf', 'hosts', 'host.conf', 'hostname', 'gai.conf'],
  ...['resolv.conf', 'services', 'protocols', 'localtime', 'timezone', 'os-release'],
  ...['debian_version', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'machine-id'],
  ...['ssl/certs', 'ssl/openssl.cnf', 'ssl/cert.pem', 'ca-certificates', 'ca-certificates.conf'],
  ...[
    'pki/ca-trust',
    'pki/tls/certs',
    'pki/tls/cert.pem',
    'pki/tls/openssl.cnf',
    'crypto-policies',
  ],
  ...['fonts', 'mime.types', 'inputrc', 'bash.bashrc', 'profile', 'profile.d', 'terminfo'],
  ...['OpenCL', 'vulkan', 'glvnd', 'krb5.conf', 'odbcinst.ini', 'gitconfig', 'pip.conf'],
  ...['matplotlibrc', 'R', 'default/locale', 'locale.conf', 'locale.alias', 'papersize'],
].map((name) => `/etc/${name}`);

const SYSTEM_FOLDERS = [
  '/usr',
  '/opt',
  '/sys',
  '/var/cache/fontconfig',
  '/var/lib/ca-certificates',
];

/** Devices of graphics processors and fast networks; the others are made new. */
const DEVICES = /^(nvidia.*|dri|kfd|infiniband|accel|dxg)$/;

/** What there is of the system for every process. */
export interface SystemPaths {
  /** Links at the root, with what they point to. */
  readonly links: readonly (readonly [path: string, target: string])[];
  readonly readable: readonly string[];
  readonly devices: readonly string[];
}

/** Looks at what this machine has of the system. */
export async function systemPaths(): Promise<SystemPaths> {
  const links: [string, string][] = [];
  const readable = [...SYSTEM_FOLDERS, ...SYSTEM_FILES];
  for (const name of PROGRAM_FOLDERS) {
    const path = `/${name}`;
    if (!(await exists(path))) continue;
    if ((await lstat(path)).isSymbolicLink()) links.push([path, await readlink(path)]);
    else readable.push(path);
  }
  // Where names are resolved by systemd, the file is a link to /run, which is not there.
  const resolver = '/etc/resolv.conf';
  if (await exists(resolver)) readable.push(await realpath(resolver));
  const devices = (await readdir('/dev'))
    .filter((name) => DEVICES.test(name))
    .map((name) => `/dev/${name}`);
  return { links, readable, devices };
}

/** Absolute path of a program of the PATH; undefined when there is none. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin']) {
    const path = join(folder, name);
    if (path.startsWith('/') && (await exists(path, constants.X_OK))) return path;
  }
  return undefined;
}

/** Whether something is there, for this user. */
export async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(code)) return false;
    throw error;
  }
}
