"""The CSRF guard of all forms; a blueprint or view without it says so at its definition."""

from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
