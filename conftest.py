"""The tests' own modules, examples, studies and benchmarks are found here, behind what is installed: that is tested."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
