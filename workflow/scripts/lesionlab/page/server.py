"""The page's server: on this machine alone, with its photographs in memory."""

import contextlib
import os
import signal
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from lesionlab.bundle.manifest import load_bundle
from lesionlab.errors import LabError
from lesionlab.page.guard import HOSTS, PHOTOGRAPHS, guard
from lesionlab.visits.shelf import Shelf

HOST = HOSTS[0]
TRAY = 512_000_000  # bytes of photographs that wait to be judged
PATIENCE = 600.0  # seconds they wait
ALBUM = 512_000_000  # bytes of what is shown


def open_page(model: Path, *, port: int, threads: int) -> None:
    """Serve the page until it is stopped.

    Parameters
    ----------
    model : Path
        Folder of a bundle.
    port : int
        On 127.0.0.1; 0 for any that is free.
    threads : int
        CPU threads of a network.

    Raises
    ------
    LabError
        If there is no bundle, or the port is taken.
    """
    bundle = load_bundle(model)
    listening = claim_port(port)
    with TemporaryDirectory(prefix="lesionlab-page-") as folder:
        # before gradio is imported: it asks nobody for a newer version, says nothing
        # of its use, and keeps what it writes in one place that goes at the end
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["GRADIO_TEMP_DIR"] = folder
        os.environ["HF_HUB_OFFLINE"] = "1"
        app = build_app(model, threads=threads)
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        print(
            f"lesionlab: model of run {bundle.facts['run']} at {address}; Ctrl-C stops "
            "it. Research only, not a medical device.",
            flush=True,
        )
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=1, server_header=False
        )
        # uvicorn stops in peace and then hands the signal on; both end as Ctrl-C does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def claim_port(port: int) -> socket.socket:
    """Bind a port of this machine that no other can reach.

    Parameters
    ----------
    port : int
        0 for any that is free.

    Returns
    -------
    socket

    Raises
    ------
    LabError
        If it is taken, or not this user's to take.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as why:
        listening.close()
        raise LabError(
            f"port {port} of {HOST}: {why.strerror}; name another with --port"
        ) from None
    return listening


def build_app(model: Path, *, threads: int) -> ASGIApp:
    """Build the guarded application.

    Parameters
    ----------
    model : Path
        Folder of a bundle.
    threads : int
        CPU threads of a network.

    Returns
    -------
    ASGIApp
    """
    import gradio

    from lesionlab.application.engine import load_networks
    from lesionlab.page.layout import draw_page, style_page
    from lesionlab.visits.desk import Desk

    tray, album = Shelf(TRAY, PATIENCE), Shelf(ALBUM)
    networks = load_networks(load_bundle(model), threads=threads)
    blocks = draw_page(Desk(networks, tray, album))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post(PHOTOGRAPHS)
    async def keep(request: Request) -> Response:
        content = await request.body()
        if len(content) > tray.room():
            return PlainTextResponse("too much at once", 503)
        return PlainTextResponse(tray.put(content, "", ""))

    @app.get("/pictures/{token}")
    def show(token: str) -> Response:
        item = album.get(token)
        if item is None:
            return PlainTextResponse("not here", 404)
        return Response(item.content, media_type=item.kind)

    @app.get("/saved/{token}")
    def save(token: str) -> Response:
        item = album.take(token)
        if item is None:
            return PlainTextResponse("not here", 404)
        headers = {"Content-Disposition": f'attachment; filename="{item.name}"'}
        return Response(item.content, media_type=item.kind, headers=headers)

    gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        blocked_paths=["/"],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        **style_page(),
    )
    return guard(app)
