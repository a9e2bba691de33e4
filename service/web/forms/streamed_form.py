"""A form with one large file, read as a stream: no part of it is held in memory or in a temporary file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

READ_BYTES = 64 * 1024
LARGEST_FIELD_BYTES = 4 * 1024
MOST_FIELDS = 8


@dataclass(frozen=True, slots=True)
class StreamedForm:
    """The fields that stand before the file in a form, and the file: its name, and its content in pieces."""

    fields: dict[str, str] = field(repr=False)
    filename: str = field(repr=False)
    pieces: Iterator[bytes] = field(repr=False)


def read_upload(largest: int) -> StreamedForm:
    """Return this request's form up to its file, which is read as `pieces` is.

    Raises:
        BadRequest: it is no such form. Reading the pieces raises it where the form is cut, or RequestEntityTooLarge.
    """
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise BadRequest
    request.max_content_length = largest
    decoder = MultipartDecoder(options["boundary"].encode("latin-1", "replace"), max_form_memory_size=None)
    events = _events(decoder)
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File):
            return StreamedForm(fields, event.filename, _file_data(events))
        if isinstance(event, Field) and len(fields) < MOST_FIELDS:
            fields[event.name] = _field_data(events)
    return StreamedForm(fields, "", iter(()))


def _events(decoder: MultipartDecoder) -> Iterator[Event]:
    while True:
        try:
            event = decoder.next_event()
        except ValueError:
            raise BadRequest from None
        if isinstance(event, NeedData):
            decoder.receive_data(request.stream.read(READ_BYTES) or None)
            continue
        yield event
        if isinstance(event, Epilogue):
            return


def _field_data(events: Iterator[Event]) -> str:
    data = bytearray()
    for event in events:
        if not isinstance(event, Data):
            break
        data += event.data
        if len(data) > LARGEST_FIELD_BYTES:
            raise BadRequest
        if not event.more_data:
            break
    return data.decode("utf-8", "replace")


def _file_data(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            raise BadRequest
        yield event.data
        if not event.more_data:
            return
    raise BadRequest
