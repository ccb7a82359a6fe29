"""The smallest server of its kind: a FastAPI POST that reads the raw body. Part of the floor."""

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/raw")
async def raw(request: Request) -> Response:
    """Read the body and answer."""
    await request.body()
    return Response(b"ok", 201)


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
