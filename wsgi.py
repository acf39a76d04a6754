"""What gunicorn serves and what `flask --app wsgi` commands run in: the board, configured by the environment."""

import sys

from board import create_app
from board.config import BadSetting

try:
    app = create_app()
except BadSetting as bad:
    sys.exit(f"The board does not start: {bad}")
