"""Files in forms: how large such a form may be, where its files are held, and which were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import IO

from flask import Flask, Request, Response, current_app, request

from service.flows.people.journal.photos.photo_upload import PhotosBusyError, PhotoUploader, UploadedPhotos
from service.models import Subscriber
from service.storage import StorageError
from service.web import browser
from service.web.errors import signed_out_page
from service.web.forms.forms import FormErrors
from service.web.security.limits import LARGEST_FORM_BYTES, LARGEST_PHOTOS_FORM_BYTES, takes_photos

FIELD = "photos"
BUSY = "We’re still busy with other photos. Choose yours again in a minute"
NO_STORAGE = "Photos can’t be kept just now. Save your words without them, or try again in a minute"
MULTIPART = "multipart/form-data"


class InMemoryRequest(Request):
    """A request whose files are held in memory: a temporary file would keep them unsealed on the disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return where one file of the form is written (the signature is werkzeug's)."""
        del total_content_length, content_type, filename, content_length
        return BytesIO()


def admit_photos(app: Flask, uploader: PhotoUploader) -> None:
    """Let signed-in people send large forms with photos; call this before the CSRF guard, which reads the form."""
    app.extensions["photo_uploader"] = uploader
    app.request_class = InMemoryRequest

    @app.before_request
    def admit() -> Response | None:
        # Only of this type does werkzeug limit the fields apart from the files (MAX_FORM_MEMORY_SIZE).
        has_files = request.method == "POST" and takes_photos(request.path) and request.mimetype == MULTIPART
        if not has_files or (request.content_length or 0) <= LARGEST_FORM_BYTES:
            return None
        if not browser.is_signed_in():
            return signed_out_page()
        request.max_content_length = LARGEST_PHOTOS_FORM_BYTES
        return None


def get_uploader() -> PhotoUploader:
    """Return what redraws and stores the photos of forms."""
    uploader: PhotoUploader = current_app.extensions["photo_uploader"]
    return uploader


def upload(files: Sequence[bytes], person: Subscriber) -> UploadedPhotos | FormErrors:
    """Return the photos among the files of a form, redrawn and stored, or why none can be kept now."""
    try:
        return get_uploader().process(files, person)
    except PhotosBusyError:
        return FormErrors({FIELD: BUSY})
    except StorageError:
        return FormErrors({FIELD: NO_STORAGE})


def chosen_files() -> list[bytes]:
    """Return the files that were chosen in this request's form; a field without any sends one without a name."""
    return [file.read() for file in request.files.getlist(FIELD) if file.filename]
