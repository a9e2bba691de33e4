"""Searching the journal. The query is posted, so that it is in no URL, and so in no log or browser history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, request

from service.core.library.prompts import Prompt
from service.core.text.search_query import LONGEST_QUERY, SearchQuery
from service.flows.people.journal.search import SearchResult, search
from service.web import browser
from service.web.context import page
from service.web.converters import read_id
from service.web.pages.journal.shown_entries import questions_of

blueprint = Blueprint("search", __name__)
NO_WORDS = "Enter a word or a phrase to search for"
TOO_LONG = f"Enter at most {LONGEST_QUERY} characters"
NO_DATE = "Enter a date, or leave this empty"
WRONG_ORDER = "Enter a date that is not before the first one"


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The typed and the parsed search; `errors` has a sentence for each wrong field."""

    typed: Mapping[str, str] = field(repr=False)
    query: SearchQuery | None
    first: date
    last: date
    errors: Mapping[str, str]


@blueprint.get("/journal/search")
def show() -> str:
    """Show the empty search form."""
    with browser.visit():
        return _page(None, None)


@blueprint.post("/journal/search")
def find() -> str | tuple[str, int]:
    """Show the found entries, one page at a time."""
    form = _read(request.form)
    with browser.visit() as visit:
        if form.query is None or form.errors:
            return _page(form, None), HTTPStatus.UNPROCESSABLE_ENTITY
        result = search(
            visit.session,
            visit.keyring,
            visit.person,
            form.query,
            first=form.first,
            last=form.last,
            before=request.form.get("before", type=read_id),
        )
        prompts = questions_of(visit, (found.prompt_id for found in result.entries))
    return _page(form, result, prompts)


def _page(
    form: SearchForm | None, result: SearchResult | None, prompts: Mapping[str | None, Prompt] = MappingProxyType({})
) -> str:
    return page(
        "search",
        typed=form.typed if form else {},
        errors=form.errors if form else {},
        result=result,
        prompts=prompts,
        longest=LONGEST_QUERY,
    )


def _read(typed: Mapping[str, str]) -> SearchForm:
    errors: dict[str, str] = {}
    words = typed.get("words", "")
    query = SearchQuery.parse(words)
    if len(words) > LONGEST_QUERY:
        errors["words"] = TOO_LONG
    elif query is None:
        errors["words"] = NO_WORDS
    first = _date(typed, "first", date.min, errors)
    last = _date(typed, "last", date.max, errors)
    if first > last:
        errors["last"] = WRONG_ORDER
    return SearchForm(typed, query, first, last, errors)


def _date(typed: Mapping[str, str], name: str, otherwise: date, errors: dict[str, str]) -> date:
    text = typed.get(name, "").strip()
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[name] = NO_DATE
        return otherwise
