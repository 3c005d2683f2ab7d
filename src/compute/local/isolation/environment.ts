/** Variables that would hand a secret of the server, or a role in another Jupyter, to user code. */
const PRIVATE = /^(SLIPWAY_|JPY_|JUPYTER_TOKEN$|JUPYTERHUB_)/;

/** Variables that tell of the machine and hold no secret of whoever runs the server. */
const HARMLESS =
  /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SHELL|LD_LIBRARY_PATH|LD_PRELOAD|VIRTUAL_ENV|CONDA_(PREFIX|DEFAULT_ENV)|PYTHON(PATH|HASHSEED|UNBUFFERED|WARNINGS|UTF8|DEVMODE)|(SSL_CERT|CURL_CA|REQUESTS_CA)_[A-Z]+|NO_PROXY|no_proxy|JAVA_HOME|R_HOME|SPARK_HOME|HADOOP_HOME|CUDA_[A-Z_]+|NVIDIA_[A-Z_]+|ROCR_[A-Z_]+|HIP_[A-Z_]+|(OMP|OPENBLAS|MKL|NUMEXPR|BLIS|VECLIB|RAYON|POLARS)_[A-Z_]+|MPLBACKEND|MALLOC_[A-Z_]+)$/;

/** What the user of a server of their own has in their shell, but for the server's secrets. */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return keep(env, (name) => !PRIVATE.test(name));
}

/**
 * What the users of a shared server may know of its environment, where an administrator may have
 * passwords.
 * @param more names of variables that they get as well
 */
export function sharedEnvironment(
  env: NodeJS.ProcessEnv,
  more: readonly string[],
): NodeJS.ProcessEnv {
  return keep(env, (name) => HARMLESS.test(name) || (more.includes(name) && !PRIVATE.test(name)));
}

function keep(env: NodeJS.ProcessEnv, isKept: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isKept(name)));
}
