"""Has a queue for one."""

import sys
from right import Server


class Wrong(Server):
    backlog = 1


sys.exit(Wrong().main())
