"""Install Chromium where no browser is on PATH, by apt-get. Run as `python -m tests.site.chromium`."""

import os
import shutil
import subprocess
import sys

from conformance.interface.adapter import UsageError
from studies.pages.picture import browser


def main() -> None:
    """Print the path of a browser, after installing one if need be."""
    try:
        print(browser())
    except UsageError as missing:
        if shutil.which("apt-get") is None:
            sys.exit(f"{missing}; elsewhere install Chromium by the system's package manager")
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*sudo, "apt-get", "update", "--quiet"], check=True)
        subprocess.run([*sudo, "apt-get", "install", "--yes", "--quiet", "chromium"], check=True)
        print(browser())


if __name__ == "__main__":
    main()
