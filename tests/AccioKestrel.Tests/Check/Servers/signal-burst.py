"""Takes a second signal for a wish to end with an error."""

import sys
import time
from right import Server


class Wrong(Server):
    signals = 0

    def stop(self, *_):
        super().stop()
        self.signals += 1

    def main(self):
        code = super().main()
        time.sleep(0.5)
        return 1 if self.signals > 1 else code


sys.exit(Wrong().main())
