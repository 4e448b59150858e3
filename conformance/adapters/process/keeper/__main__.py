"""Starts a program, ends all that it started when it ends, and ends it when the suite does, killed or not.

python -I -S keeper DESCRIPTOR PROGRAM ARGUMENT...: the program has standard input, output and error as they are. The
descriptor is a pipe's end on which nothing is ever written: it closes when whoever holds the other end is gone. It is
run by its path and imports no package, so that it costs a program's start some 20 ms.

Left out: what a program starts in a session of its own.
"""

import os
import signal
import subprocess
import sys
import threading

NOT_STARTED = 127


def end(group: int) -> None:
    """Kill a process group, if there is any of it left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        return  # macOS says so of a group whose only process has ended and was not waited for


def watch(life: int, group: int) -> None:
    """Wait until the suite is gone."""
    os.read(life, 1)
    end(group)


signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides when it ends
life, program = int(sys.argv[1]), sys.argv[2:]
try:
    child = subprocess.Popen(program, start_new_session=True)
except OSError as error:
    print(f"cannot start {program[0]}: {error}", file=sys.stderr, flush=True)
    os._exit(NOT_STARTED)
nothing = os.open(os.devnull, os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(nothing, stream)  # a pipe that the program closes is closed
threading.Thread(target=watch, args=(life, child.pid), daemon=True).start()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # until it is waited for, nothing else has its number
end(child.pid)
code = child.wait()
os._exit(code if code >= 0 else 128 - code)
