"""Python as R Server may have it: no Jupyter kernel, and IPython only where it is asked for.

``bare_interpreter.py DESCRIPTOR bare|ipython`` reads a request per line from stdin: a JSON object
with ``inputs``, ``code`` and ``outputs``. What the code prints goes to stdout, which is the console
and gets an EOT when the code has ended; then the answer, a line of JSON, goes to the descriptor.
"""

import json
import os
import sys
import traceback

answers = os.fdopen(int(sys.argv[1]), "w")
names = {"__name__": "__main__", "__builtins__": __builtins__}
if sys.argv[2] == "ipython":
    from IPython.core.interactiveshell import InteractiveShell

    names = InteractiveShell.instance().user_ns
requests, sys.stdin = sys.stdin, None
for line in iter(requests.readline, ""):
    request = json.loads(line)
    names.update(request["inputs"])
    failure = None
    try:
        exec(compile(request["code"], "<execute>", "exec"), names)
    except BaseException as error:
        failure = traceback.format_exception_only(type(error), error)[-1].strip()
    outputs = {name: names.get(name) for name in request["outputs"]}
    sys.stdout.write("\x04")
    sys.stdout.flush()
    answers.write(json.dumps({"failure": failure, "outputs": outputs}) + "\n")
    answers.flush()
