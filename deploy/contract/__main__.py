"""Write `docs/contract` anew; refuse where a version's schema would break those who read it."""

import sys

from deploy.contract.writing import CONTRACT, BrokenVersion, write

try:
    written = write(CONTRACT)
except BrokenVersion as broken:
    sys.exit(str(broken))
sys.stdout.write(f"{written} files written in {CONTRACT}\n")
