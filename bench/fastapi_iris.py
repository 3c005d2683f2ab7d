"""The peer of the consume figures: the iris model behind FastAPI, as its documentation shows.

``python fastapi_iris.py PORT WORKERS`` serves it with uvicorn and its fast parts, uvloop and
httptools, as ``uvicorn[standard]`` installs them.
"""

import socket
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn import datasets, svm
from uvicorn.supervisors import Multiprocess

iris = datasets.load_iris()
clf = svm.SVC()
clf.fit(iris.data, iris.target)
names = {0: "I. setosa", 1: "I. versicolor", 2: "I. virginica"}

app = FastAPI()


class Flower(BaseModel):
    flower_data: list[float]


class Species(BaseModel):
    iris_species: list[str]


# Not a plain function: FastAPI would run it in a pool of threads, which is slower.
@app.post("/predict")
async def predict(flower: Flower) -> Species:
    flowers = clf.predict([flower.flower_data])
    return Species(iris_species=[names[x] for x in flowers])


def main(port: int, workers: int) -> None:
    # uvicorn's own socket for several workers leaves out the protocol, for which an event loop may
    # leave Nagle's algorithm on: each answer would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        "fastapi_iris:app", workers=workers, access_log=False, loop="uvloop", http="httptools"
    )
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
