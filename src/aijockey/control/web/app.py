"""The web application: the page's files, pairing, and the WebSocket. All that comes in is checked by a guard first."""

import asyncio
import itertools
import json
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from aijockey.control.web import pages, protocol
from aijockey.control.web.guard import COOKIE, Guard
from aijockey.control.web.hub import Hub
from aijockey.control.web.visitor import Frame, Visitor

MOST_BODY_BYTES = 4096
HELLO_S = BODY_S = 5.0
FLOOD_MESSAGES, FLOOD_PAUSE_S = 25, 0.005
# Ends a connection at once, whatever is still to be sent on it; of the address that it comes from.
Abort = Callable[[tuple[str, int]], None]


def build_app(hub: Hub, guard: Guard, abort: Abort) -> ASGIApp:
    """The application, see docs/surface-protocol.md."""
    web = Web(hub, guard, abort)
    routes = [
        Route("/session", web.session),
        Route("/pair", web.pair, methods=["POST"]),
        WebSocketRoute("/ws", web.surface),
        Route("/{path:path}", web.page),
    ]
    return Doorkeeper(Starlette(routes=routes), guard)


class Doorkeeper:
    """Turns away requests to a foreign host or from a foreign page, before anything looks at them."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in ("http", "websocket"):
            return
        head = Headers(scope=scope)
        hosts = head.getlist("host")
        refusal = None
        if len(hosts) != 1 or not self._guard.knows_host(hosts[0]):
            refusal = PlainTextResponse("this is not the host that was asked for", 400)
        elif (scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")) and not (
            self._guard.same_origin(hosts[0], head.get("origin"), head.get("sec-fetch-site"))
        ):
            refusal = PlainTextResponse("no requests from other pages", 403)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)


class Web:
    """What is behind each path."""

    def __init__(self, hub: Hub, guard: Guard, abort: Abort) -> None:
        self._hub, self._guard, self._abort = hub, guard, abort

    async def page(self, request: Request) -> Response:
        """A file of the page."""
        head = pages.headers(request.headers["host"])
        found = pages.find_page(request.url.path)
        if found is None:
            return PlainTextResponse("there is nothing of that name", 404, headers=head)
        return Response(found.content, media_type=found.content_type, headers=head)

    async def session(self, request: Request) -> Response:
        """Whether who asks may connect."""
        told = {"protocol": protocol.VERSION, "paired": self._knows(request)}
        return JSONResponse(told, headers=self._private(request))

    async def pair(self, request: Request) -> Response:
        """Take a token, give a cookie."""
        head = self._private(request)
        try:
            async with asyncio.timeout(BODY_S):
                token = await _token_of(request)
        except TimeoutError:
            token = None
        if token is None:
            return PlainTextResponse('expected {"token": …} as application/json', 400, headers=head)
        if not self._guard.knows_token(token):
            status = 429 if self._guard.exhausted else 403
            return PlainTextResponse("this is not the token", status, headers=head)
        answer = Response(status_code=204, headers=head)
        answer.set_cookie(COOKIE, self._guard.new_session(), httponly=True, samesite="strict", path="/")
        return answer

    async def surface(self, link: WebSocket) -> None:
        """A client, until it goes or is dropped."""
        if not self._knows(link):
            await link.send_denial_response(PlainTextResponse("not paired", 403))
            return
        if self._hub.full:
            await link.send_denial_response(PlainTextResponse("too many clients", 503))
            return

        async def send(frame: Frame) -> None:
            await (link.send_text(frame) if isinstance(frame, str) else link.send_bytes(frame))

        visitor = self._hub.enter(send)
        try:
            await link.accept()
            await self._attend(link, visitor)
        finally:
            dropped = visitor.gone.is_set()
            self._hub.leave(visitor)
            if dropped:
                self._hub.dropped += 1
                if link.client is not None:
                    # Closing politely would wait for a client that does not read.
                    self._abort((link.client.host, link.client.port))

    async def _attend(self, link: WebSocket, visitor: Visitor) -> None:
        """Hear and tell; ends with the connection, or when the client is to be dropped."""
        tasks = [
            asyncio.create_task(self._hear(link, visitor)),
            asyncio.create_task(visitor.deliver()),
            asyncio.create_task(visitor.gone.wait()),
            asyncio.create_task(self._expect_hello(visitor)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (error := task.exception()) and not isinstance(error, OSError | WebSocketDisconnect):
                    self._hub.last_error = f"{type(error).__name__}: {error}"[:200]
        finally:
            for task in tasks:
                task.cancel()
            # What a connection says when it breaks is nobody's error.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, link: WebSocket, visitor: Visitor) -> None:
        for number in itertools.count():
            message = await link.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._hub.hear(visitor, message.get("text"))
            if visitor.held_back:
                # A flood is heard, but most of the time is for others.
                await asyncio.sleep(0.0 if number % FLOOD_MESSAGES else FLOOD_PAUSE_S)

    async def _expect_hello(self, visitor: Visitor) -> None:
        await asyncio.sleep(HELLO_S)
        if visitor.met:
            await visitor.gone.wait()
        visitor.leave()

    def _knows(self, link: HTTPConnection) -> bool:
        peer = link.client.host if link.client else ""
        return self._guard.knows_client(peer, link.cookies.get(COOKIE), link.headers.get("authorization"))

    @staticmethod
    def _private(request: Request) -> dict[str, str]:
        return {**pages.headers(request.headers["host"]), "Cache-Control": "no-store"}


async def _token_of(request: Request) -> str | None:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None  # what a form of another page could send is none
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            return None
    try:
        token = json.loads(body)["token"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return token if isinstance(token, str) else None
