"""What gunicorn serves and what `flask --app wsgi` commands run in: the board, configured by the environment."""

from board import create_app

app = create_app()
