/** What an attacker knows: everything but what is to be found out. */
export interface Target {
  readonly home: string;
  readonly serverPid: number;
  readonly victimPid: number;
  /** Ids of the victim's session and of the attacker's. */
  readonly victim: string;
  /** The victim's socket. */
  readonly socket: string;
  /** Absolute paths of the server's keys. */
  readonly keys: readonly string[];
  /** A Python file of our package. */
  readonly package: string;
  /** What may be seen in root's home, since the interpreter lies below. */
  readonly allowed: readonly string[];
  /** Folders to look through. */
  readonly folders: readonly string[];
  /** Texts that must not be found. */
  readonly secrets: readonly string[];
}

/**
 * Python that tries to get out of a session or service, and leaves in `result` what succeeded, by
 * names. It uses nothing but the standard library, and changes nothing where it succeeds: it would be
 * the machine of whoever runs the tests.
 */
export function escapes(target: Target): string {
  return `
import ctypes, errno, os, socket, sys
target = ${JSON.stringify(target)}
home, server, victim = target["home"], target["serverPid"], target["victimPid"]
libc = ctypes.CDLL(None, use_errno=True)
result = {}

def attempt(name, action):
    try:
        found = action()
    except (OSError, ValueError) as error:
        return
    if found:
        result[name] = repr(found)[:200]

def read(path):
    with open(path, "rb") as file:
        return file.read(64)

def may(function, *arguments):
    # The arguments make no sense: whoever had the right would be told something else.
    ctypes.set_errno(0)
    function(*arguments)
    return ctypes.get_errno() not in (errno.EPERM, errno.EACCES) and ctypes.get_errno()

def traced(pid):
    seize, interrupt, detach, every_thread = 0x4206, 0x4207, 17, 0x40000000
    if libc.ptrace(seize, pid, None, None) != 0:
        return None
    libc.ptrace(interrupt, pid, None, None)
    os.waitpid(pid, every_thread)
    libc.ptrace(detach, pid, None, None)
    return "traced"

def succeeded(action):
    def run():
        action()
        return "done"
    return run

def writable(path):
    if os.path.isdir(path):
        return os.access(path, os.W_OK) and path
    os.close(os.open(path, os.O_WRONLY))
    return path

def connected(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(path)
        return path

def contents(folder):
    for root, folders, names in os.walk(folder):
        # The packages of the environment are many, and nobody's secret.
        folders[:] = [name for name in folders if os.path.join(root, name) != sys.prefix]
        for name in names:
            path = os.path.join(root, name)
            try:
                with open(path, "rb") as file:
                    yield path, file.read(1 << 20)
            except OSError:
                pass

def leaked(folder):
    wanted = [secret.encode() for secret in target["secrets"]]
    return [path for path, content in contents(folder) if any(each in content for each in wanted)]

for name in ["keys", "blobs", "logs", "materialised", "sealed"]:
    attempt("list " + name, lambda: os.listdir(f"{home}/{name}"))
for name in ["slipway.db", "lock.db", "server.json", "runtime.json", "admin-password"]:
    attempt("read " + name, lambda: read(f"{home}/{name}"))
    attempt("write " + name, lambda: writable(f"{home}/{name}"))
for path in target["keys"]:
    attempt("read a key", lambda: read(path))
    attempt("link a key", succeeded(lambda: os.link(path, "stolen")))
attempt("find secrets in the data directory", lambda: leaked(home))
for folder in target["folders"]:
    attempt("find secrets in " + folder, lambda: leaked(folder))

def others_folders(folder):
    return [name for name in os.listdir(folder) if target["victim"] in name]

for name in ["work", "staging", "inbox", "scratch"]:
    attempt("list " + name, lambda: others_folders(f"{home}/{name}"))
    attempt("enter the victim's " + name, lambda: os.listdir(f"{home}/{name}/{target['victim']}") or "empty")
attempt("read the victim's file", lambda: read(f"{home}/work/{target['victim']}/secret.txt"))
attempt("write to the victim's folder", lambda: writable(f"{home}/work/{target['victim']}"))
attempt("link the victim's file", succeeded(lambda: os.link(f"{home}/work/{target['victim']}/secret.txt", "theirs")))
attempt("read the victim's temporary file", lambda: read(f"{home}/scratch/{target['victim']}/tmp/secret"))
attempt("connect to the victim's socket", lambda: connected(target["socket"]))
attempt("replace the victim's socket", lambda: writable(os.path.dirname(target["socket"])))
attempt("list the sockets", lambda: [name for name in os.listdir(f"{home}/run") if name in target["socket"]])

processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
for label, pid in [("the server", server), ("the victim", victim)]:
    for name in ["environ", "mem", "maps", "auxv", "stack", "syscall"]:
        attempt(f"read {name} of {label}", lambda: read(f"/proc/{pid}/{name}") if name != "mem" else open(f"/proc/{pid}/mem", "rb") and "open")
    for name in ["fd", "root", "cwd", "map_files"]:
        attempt(f"list {name} of {label}", lambda: os.listdir(f"/proc/{pid}/{name}"))
    attempt(f"go through {label}", lambda: os.listdir(f"/proc/{pid}/root{home}"))
    attempt(f"trace {label}", lambda: traced(pid))
    attempt(f"signal {label}", succeeded(lambda: os.kill(pid, 0)))
    attempt(f"signal the group of {label}", succeeded(lambda: os.killpg(pid, 0)))
    attempt(f"change limits of {label}", lambda: __import__("resource").prlimit(pid, 7))
for pid in processes:
    attempt(f"read secrets of the process {pid}", lambda: any(secret.encode() in open(f"/proc/{pid}/environ", "rb").read() for secret in target["secrets"]))
attempt("read secrets of the own environment", lambda: [name for name, value in os.environ.items() if any(secret in value for secret in target["secrets"])])

for path in [target["package"], os.__file__, "/etc/passwd", "/usr/bin/env", sys.executable]:
    attempt("change " + path, lambda: writable(path))
    attempt("add beside " + path, lambda: writable(os.path.dirname(path)))
attempt("read the shadow passwords", lambda: read("/etc/shadow"))
attempt("list root's home", lambda: [name for name in os.listdir("/root") if name not in target["allowed"]])
attempt("set the core pattern", lambda: writable("/proc/sys/kernel/core_pattern"))
attempt("trigger the system", lambda: writable("/proc/sysrq-trigger"))
attempt("become root", succeeded(lambda: os.setuid(0)) if os.getuid() != 0 else lambda: "is root")
own = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
attempt("have capabilities", lambda: [name for name in ("CapInh", "CapPrm", "CapEff", "CapAmb") if int(own[name], 16)])
attempt("gain rights by a program", lambda: own["NoNewPrivs"] != "1" and "it may")
attempt("have groups", lambda: [group for group in os.getgroups() if group not in (os.getgid(), 65534)])
attempt("have a terminal, to type into it", lambda: os.close(os.open("/dev/tty", os.O_RDWR)) or "it has")

def inherited():
    for name in os.listdir("/proc/self/fd"):
        if not os.path.lexists(f"/proc/self/fd/{name}"):
            continue  # It was the one that listed the others.
        path = os.readlink(f"/proc/self/fd/{name}")
        # What a session writes before it can speak is kept in a file of its own.
        if path.startswith(home) and not path.endswith("/stderr.log") and target["victim"] not in path:
            yield path
own_folders = [f"{home}/work/", f"{home}/scratch/"]
attempt("have files of the server open", lambda: [path for path in inherited() if not path.startswith(tuple(own_folders))])
attempt("mount", lambda: may(libc.mount, b"none", b".", b"no-such-file-system", 0, None))
attempt("unmount", lambda: may(libc.umount2, b"/proc/self", 0))
`;
}
