"""What a web server may do to a download: it goes on, or ends in one line."""

import itertools
import re

import pytest

from lesionlab.dataverse import download as downloads
from unit.dataverse_server import (
    LIST,
    MASKS,
    MEND,
    PART_1,
    check_all,
    check_little_came_twice,
    fetch,
    refusal,
    running,
)
from unit.room import little_room


@pytest.mark.parametrize("cuts", [1, 7])
def test_a_cut_connection_goes_on_where_it_stopped(server, cache, cuts):
    server.misbehave(PART_1, *["cut"] * cuts)
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(PART_1)) == cuts + 1
    check_little_came_twice(server, cuts)


def test_a_file_that_lies_elsewhere_is_continued_there(server, cache):
    server.misbehave(PART_1, "elsewhere", "cut", "elsewhere")
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(PART_1)) == 4
    assert server.requests_for(PART_1)[3] == f"bytes={downloads.CHUNK}-"


def test_a_server_without_range_sends_it_all_again(server, cache):
    server.ranges = False
    server.misbehave(PART_1, "cut", "cut")
    check_all(server, cache, fetch(server, cache))


def test_a_server_that_never_comes_farther_is_given_up(server, cache):
    server.ranges = False
    server.misbehave(PART_1, *["cut"] * 100)
    message = refusal(server, cache)
    assert "not to be had in 4 tries (the connection was cut)" in message
    assert "run again to go on where it stopped" in message
    assert MEND in message
    assert len(server.requests_for(PART_1)) == 4


def test_a_silent_server_is_given_up(server, cache, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", (5, 2))
    server.misbehave(MASKS, "hang")
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(MASKS)) == 2


@pytest.mark.parametrize("name", [LIST, PART_1])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, cache, name, status):
    server.misbehave(name, status, status)
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(name)) == 3


def test_the_waits_grow_and_begin_anew_when_bytes_have_come(server, cache, monkeypatch):
    waited = []
    monkeypatch.setattr(downloads.time, "sleep", waited.append)
    server.misbehave(PART_1, 503, 503, "cut", 503, 503)
    check_all(server, cache, fetch(server, cache, waits=(1, 2, 4)))
    assert waited == [1, 2, 1, 2, 4]


@pytest.mark.parametrize("name", [LIST, PART_1])
def test_a_server_that_stays_busy_is_given_up(server, cache, name):
    server.misbehave(name, *itertools.repeat(503, 100))
    message = refusal(server, cache)
    assert "not to be had in 4 tries (HTTP 503)" in message
    assert MEND in message


def test_an_unreachable_server_is_one_line(cache):
    with running() as server:
        pass
    message = refusal(server, cache)
    assert re.search(
        r"not to be had in 4 tries \(\[Errno \d+\] Connection ref", message
    )


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", [LIST, PART_1])
def test_a_refusal_says_what_to_do_and_is_not_repeated(server, cache, name, status):
    server.misbehave(name, status)
    message = refusal(server, cache)
    assert f"the server refuses it (HTTP {status})" in message
    assert MEND in message
    assert len(server.requests_for(name)) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("web page", "a web page came in place of the file"),
        (404, "the server answers HTTP 404"),
        (b"another", "7 bytes are announced where"),
        ("no length", "more than the published"),
    ],
)
def test_something_else_is_not_taken_for_the_file(server, cache, fault, message):
    server.misbehave(PART_1, fault)
    said = refusal(server, cache)
    assert message in said
    assert MEND in said
    check_all(server, cache, fetch(server, cache))


def test_another_range_than_was_asked_for_is_not_appended(server, cache):
    server.misbehave(PART_1, "cut", "another range")
    check_all(server, cache, fetch(server, cache))
    assert server.requests_for(PART_1)[2] is None


def test_a_full_disk_is_no_cut_connection_and_what_came_is_kept(server, cache):
    with (
        little_room(3 * downloads.CHUNK),
        pytest.raises(OSError, match="File too large"),
    ):
        fetch(server, cache)
    assert len(server.requests_for(PART_1)) == 1
    check_all(server, cache, fetch(server, cache))
    assert server.requests_for(PART_1)[1].startswith("bytes=")


@pytest.mark.parametrize("address", ["dataverse.harvard.edu", "ftp://x", "http://", ""])
def test_a_malformed_address_is_one_line(server, cache, address):
    server.address = address
    assert "no address" in refusal(server, cache)
