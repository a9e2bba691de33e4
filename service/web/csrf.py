"""The one guard of forms; blueprints and views that do without say so where they are."""

from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
