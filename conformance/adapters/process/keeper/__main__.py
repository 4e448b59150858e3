"""Start a program, end everything that it started when it ends, and end it when the suite ends, even if killed.

Usage: python -I -S keeper DESCRIPTOR PROGRAM ARGUMENT... The program inherits standard input, output and error. The
descriptor is one end of a pipe on which nothing is ever written; it closes when the process with the other end is gone.
The keeper is run by its path and imports no package, so it adds only some 20 ms to a program's start.

Left out: processes that a program starts in another session.
"""

import os
import signal
import subprocess
import sys
import threading

NOT_STARTED = 127


def end(group: int) -> None:
    """Kill the rest of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        return  # macOS reports this for a group whose only process has ended and was not waited for


def watch(life: int, group: int) -> None:
    """Wait until the suite is gone."""
    os.read(life, 1)
    end(group)


signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when this process ends
life, program = int(sys.argv[1]), sys.argv[2:]
try:
    child = subprocess.Popen(program, start_new_session=True)
except OSError as error:
    print(f"cannot start {program[0]}: {error}", file=sys.stderr, flush=True)
    os._exit(NOT_STARTED)
nothing = os.open(os.devnull, os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(nothing, stream)  # so that a pipe that the program closes is closed
threading.Thread(target=watch, args=(life, child.pid), daemon=True).start()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # keeps its id in use until it is waited for
end(child.pid)
code = child.wait()
os._exit(code if code >= 0 else 128 - code)
