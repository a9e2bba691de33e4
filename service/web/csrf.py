"""The CSRF guard of all forms; blueprints and views that do without it say so where they are."""

from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
