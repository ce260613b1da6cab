"""The outcomes of the measurements of sockets, without their clocks: each is complete, and a lie is found."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from websockets.sync.server import ServerConnection, serve

from bench import beside, connect, echo, fanout, idle
from bench.contenders import C_LOOP, CONTENDERS, LINE, RAW, Contender, taking_part
from bench.programs import Missing, compiled
from bench.rounds import Outcome, take_turns
from bench.served import Failed, Load, Server, loading

OURS = [C_LOOP, LINE, RAW]


def ours(measurement: str) -> list[Contender]:
    return [each for each in taking_part(measurement) if each.name in OURS]


def test_a_fanout_reaches_everybody_in_both_phases() -> None:
    outcome = fanout.measure(ours("fanout"), rounds=2, subscribers=5, publishes=20)

    assert outcome.left_out == {}
    assert {name: len(runs) for name, runs in outcome.runs.items()} == dict.fromkeys(OURS, 2)
    assert all(
        phase.p50 <= phase.p99 for runs in outcome.runs.values() for phase in (runs[0].single, runs[0].burst)
    )


def test_every_echo_comes_back() -> None:
    outcome = echo.measure(ours("echo"), rounds=1, connections=3, seconds=0.1)

    assert outcome.left_out == {}
    assert list(outcome.runs) == [C_LOOP, RAW]
    assert all(run.rate > 0 for [run] in outcome.runs.values())


def test_idle_connections_are_weighed() -> None:
    outcome = idle.measure(ours("idle"), rounds=1, connections=20, settling=0)

    assert outcome.left_out == {}
    assert all(run.before > 0 for [run] in outcome.runs.values())


def test_a_crowd_gets_in() -> None:
    outcome = connect.measure(ours("connect"), rounds=1, warm=2, connections=100)

    assert outcome.left_out == {}
    assert all(run.rate > 0 for [run] in outcome.runs.values())


def test_requests_are_answered_beside_a_fanout() -> None:
    outcome = beside.measure(ours("http"), rounds=1, subscribers=5, seconds=0.1)

    assert outcome.left_out == {}
    assert all(run.requests > 0 and run.p50 <= run.max for [run] in outcome.runs.values())


def test_who_cannot_be_had_is_left_out_with_the_reason() -> None:
    def missing(port: int) -> None:
        raise Missing("install it with: apt-get install it")

    def broken(server: Server, load: Load) -> None:
        load.tell("open 1", expected=2)

    contenders = [Contender("absent", missing), *ours("fanout")[:1]]  # type: ignore[arg-type]
    outcome: Outcome[None] = take_turns(contenders, 2, broken)

    assert outcome.runs == {}
    assert outcome.left_out == {
        "absent": "install it with: apt-get install it",
        C_LOOP: "open 1: 1 instead of 2",
    }


@contextmanager
def dishonest(publish: Callable[[list[ServerConnection], str], None]) -> Iterator[Load]:
    """A server that does with each published text what *publish* does; the load, with two subscribers."""
    subscribers: list[ServerConnection] = []

    def socket(connection: ServerConnection) -> None:
        assert connection.request is not None
        if connection.request.path == "/sub":
            subscribers.append(connection)
        for text in connection:
            publish(subscribers, str(text))

    with serve(socket, "127.0.0.1", 0, compression=None) as listening:
        serving = Thread(target=listening.serve_forever)
        serving.start()
        try:
            with loading(Server(os.getpid(), listening.socket.getsockname()[1]), {}) as load:
                load.tell("open 2", 2)
                yield load
        finally:
            listening.shutdown()
            serving.join()


def twice(subscribers: list[ServerConnection], text: str) -> None:
    for each in subscribers:
        each.send(text)
        each.send(text)


def damaged(subscribers: list[ServerConnection], text: str) -> None:
    subscribers[0].send(text.replace("@", "@@", 1))


def ended(subscribers: list[ServerConnection], text: str) -> None:
    subscribers[0].close(4000)


def two_publications(load: Load) -> None:
    load.tell("publish 1 1 1")
    load.tell("publish 1 1 1")  # what came after the last delivery is seen by the next command


@pytest.mark.parametrize(
    ("publish", "complaint"),
    [
        (twice, "publication 0 came where 1 had to come"),
        (damaged, "a stamp is damaged"),
        (ended, "the server closed a connection: 4000"),
    ],
)
def test_a_wrong_delivery_ends_the_measurement(
    publish: Callable[[list[ServerConnection], str], None], complaint: str
) -> None:
    with dishonest(publish) as load, pytest.raises(Failed, match=complaint):
        two_publications(load)


def test_a_program_is_compiled_once_for_each_text() -> None:
    first = compiled("loadgen")
    made = first.stat().st_mtime_ns

    assert compiled("loadgen") == first
    assert first.stat().st_mtime_ns == made


def test_every_server_has_a_name_of_its_own() -> None:
    assert len({each.name for each in CONTENDERS}) == len(CONTENDERS)
