"""The ML backend of Label Studio 1.23: asked for predictions of tasks, it answers with codes, evidence and a score.

All coding is done by one thread, so that calls wait for each other while ``/health`` and ``/setup`` are answered at
once. ``/setup`` is told the token of the project's owner; its body is never read. Nothing here trains.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from ..configs.errors import UserError
from .connecting import USER
from .serving import Served

MOST_BYTES = 64 * 2**20
"""Of a request; ten thousand reports."""
TO_TRAIN = "nothing was trained: run `weijing train`; what it writes is served from the next call on"

_LOG = logging.getLogger(__name__)
_BASIC = HTTPBasic(realm="weijing")


def make_app(served: Served, password: str) -> FastAPI:
    """The application. Every call needs the user ``weijing`` and ``password``; anything else gets a 401."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(_guard(password))])
    worker = ThreadPoolExecutor(1, "coder")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "UP"}

    @app.post("/setup")
    def setup() -> dict[str, str]:
        return {"model_version": served.version}

    @app.get("/versions")
    def versions() -> dict[str, list[str]]:
        return {"versions": [served.version]}

    @app.post("/predict")
    async def predict(body: Annotated[bytes, Depends(_body)]) -> Response:
        answer = await asyncio.get_running_loop().run_in_executor(worker, _predict, served, body)
        return Response(answer, media_type="application/json")

    @app.post("/webhook")
    async def webhook(body: Annotated[bytes, Depends(_body)]) -> dict[str, str]:
        return {"detail": TO_TRAIN if _read(body).get("action") == "START_TRAINING" else "nothing to do"}

    return app


def _guard(password: str) -> Callable[..., Any]:
    wanted = f"{USER}:{password}".encode()

    async def check(given: Annotated[HTTPBasicCredentials, Depends(_BASIC)]) -> None:
        if not secrets.compare_digest(f"{given.username}:{given.password}".encode(), wanted):
            raise HTTPException(401, "wrong user or password", {"WWW-Authenticate": 'Basic realm="weijing"'})

    return check


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"the request is larger than {MOST_BYTES >> 20} MiB; ask for fewer tasks")
    return bytes(body)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise HTTPException(400, "the request is no JSON object")
    return found


def _predict(served: Served, body: bytes) -> bytes:
    asked = _read(body)
    if not isinstance(asked.get("tasks"), list):
        raise HTTPException(400, "the request has no list of tasks")
    try:
        results = served.predict(asked["tasks"], asked.get("label_config"))
    except UserError as error:
        _LOG.error("%s", error)
        raise HTTPException(503, str(error)) from None
    # Label Studio keeps the empty results and drops the reasons.
    for reason in sorted({r["reason"] for r in results if "reason" in r}):
        _LOG.warning("%d of %d tasks: %s", sum(r.get("reason") == reason for r in results), len(results), reason)
    return json.dumps({"results": results}).encode()
