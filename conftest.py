"""Make the tests' own modules, examples, studies and benchmarks importable, after the installed packages under test."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
