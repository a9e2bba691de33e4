"""Text in `format=flowed` (RFC 3676) with its soft line breaks removed."""


def unflowed(text: str, *, delsp: bool) -> str:
    """Return `text` with flowed lines joined, `>` marks kept, and stuffing removed.

    A line that ends with a space continues on the next line of the same depth; with `delsp` that
    space is not part of the text. The signature delimiter "-- " never flows.
    """
    out: list[str] = []
    pieces: list[str] = []
    depth = 0
    open_ = False
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = raw.lstrip(">")
        level = len(raw) - len(line)
        if line[:1] == " ":
            line = line[1:]
        if open_ and level != depth:
            out.append("".join(pieces))
            pieces, open_ = [], False
        if not open_:
            pieces = [">" * level + " " if level else "", line]
            depth = level
        else:
            pieces.append(line)
        open_ = line.endswith(" ") and line != "-- "
        if open_ and delsp:
            pieces[-1] = line[:-1]
        if not open_:
            out.append("".join(pieces))
            pieces = []
    if open_:
        out.append("".join(pieces))
    return "\n".join(out)
