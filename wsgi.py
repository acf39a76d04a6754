"""What gunicorn serves and what `flask --app wsgi` commands run in: the board, configured by the environment."""

import gc
import os
import sys

gc.disable()  # Loading leaves no garbage: to look for it again and again is a sixth of a start.

from board import create_app  # noqa: E402
from board.config import BadSetting  # noqa: E402

# `flask demo` asks for the demo by name. An installation with an address of its own still has to say BOARD_DEMO=1.
if "demo" in sys.argv[1:] and not os.environ.get("BOARD_ORIGIN"):
    os.environ.setdefault("BOARD_DEMO", "1")
# The database and whatever else a command makes is nobody else's to read; gunicorn is told the same.
os.umask(0o027)

try:
    app = create_app()
except BadSetting as bad:
    sys.exit(f"The board does not start: {bad}")
gc.freeze()  # What is loaded stays, and need not be looked through when the process ends either.
gc.enable()
