"""The WSGI entry: `gunicorn app:app`. Settings that forbid a start are told in a line each."""

import sys

from webinar import create_app
from webinar.config import ConfigError

try:
    app = create_app()
except ConfigError as problem:
    sys.exit("webinar cannot start:\n" + "\n".join(f"  {line}" for line in problem.problems))
