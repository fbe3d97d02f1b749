"""The live page's files, read once at the start: what is served is a fixed list, and no path of a request reaches the disk.

They lie in `page/` beside this file, as they are served: nothing is built. A browser asks again at each visit and is told by the
ETag that nothing has changed.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

FOLDER: Final = Path(__file__).with_name("page")
INDEX: Final = "index.html"
PREFIX: Final = "/page/"
READ: Final = ["GET", "HEAD"]
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".LICENSE": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
"""What is served, by how its name ends; anything else in the folder is not."""
NOT_FOUND, NOT_MODIFIED = 404, 304
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cache-Control": "no-cache",
}
"""Everything comes from here and nothing is inline. `no-cache`: kept, and asked for again with its ETag."""


class File(NamedTuple):
    """One file of the page."""

    body: bytes
    media_type: str
    etag: str


def page_files(folder: Path = FOLDER) -> Mapping[str, File]:
    """The page's files, by their place below the folder."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in TYPES and path.is_file())
    return {path.relative_to(folder).as_posix(): _file(path) for path in found}


def _file(path: Path) -> File:
    body = path.read_bytes()
    return File(body, TYPES[path.suffix], f'"{sha256(body).hexdigest()[:32]}"')


def is_of_the_page(path: str) -> bool:
    """Whether a request's path is one of the page's."""
    return path == "/" or path.startswith(PREFIX)


def page_router(files: Mapping[str, File]) -> APIRouter:
    """`/` and `/page/*`; not part of the API."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=READ)
    async def front(request: Request) -> Response:
        return _served(request, files.get(INDEX))

    @router.api_route(PREFIX + "{name:path}", methods=READ)
    async def part(request: Request, name: str) -> Response:
        return _served(request, files.get(name))

    return router


def _served(request: Request, file: File | None) -> Response:
    if file is None:
        raise HTTPException(NOT_FOUND, "the page has no such file")
    headers = {**HEADERS, "ETag": file.etag}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
