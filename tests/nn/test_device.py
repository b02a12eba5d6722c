"""Devices, the thread count, and random streams."""

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from skgan_resample.nn import device
from skgan_resample.nn.device import (
    fits,
    make_rng,
    moved,
    resolve_device,
    thread_count,
    torch_threads,
)


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2, "the test changed torch's thread count"
    torch.set_num_threads(before)


@pytest.fixture
def machine(monkeypatch):
    """Make torch report a given number of CUDA devices, and MPS or none."""

    def with_devices(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return with_devices


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(0, False, "cpu"), (0, True, "mps"), (1, False, "cuda"), (2, True, "cuda")],
)
def test_auto_prefers_cuda_then_mps(machine, cuda, mps, expected):
    machine(cuda, mps)
    assert resolve_device("auto") == torch.device(expected)


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0", "cuda:1", "mps"])
def test_devices_that_are_there_are_taken(machine, device):
    machine(2, True)
    assert resolve_device(device) == torch.device(device)


@pytest.mark.parametrize(
    ("device", "cuda"), [("cuda", 0), ("cuda:1", 1), ("cuda:7", 2), ("mps", 1), ("cpu:1", 0)]
)
def test_devices_that_are_not_there_are_refused(machine, device, cuda):
    machine(cuda)
    with pytest.raises(ValueError, match=rf"Got device='{device}'.*no such device.*'auto'"):
        resolve_device(device)


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "cpu,cuda"])
def test_words_that_name_no_device_are_refused(device):
    with pytest.raises(ValueError, match=rf"Got device='{device}', but expected 'auto'"):
        resolve_device(device)


@pytest.mark.parametrize("device", ["xla", "meta", "vulkan"])
def test_devices_nobody_can_train_on_are_refused(device):
    with pytest.raises(ValueError, match="no such device"):
        resolve_device(device)


def test_thread_count_is_a_function_of_the_size():
    assert [thread_count(n) for n in (0, 1, 32_767, 32_768, 10**9)] == [1, 1, 1, 2, 2]


def test_torch_threads_puts_the_count_back():
    with torch_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_torch_threads_puts_the_count_back_after_an_error():
    with pytest.raises(KeyError), torch_threads(1):
        raise KeyError
    assert torch.get_num_threads() == 2
    with torch_threads(1):
        assert torch.get_num_threads() == 1


def test_a_lower_count_of_the_caller_is_respected():
    torch.set_num_threads(1)
    with torch_threads(2):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 1
    torch.set_num_threads(2)


def test_blocks_can_be_nested():
    with torch_threads(1):
        with torch_threads(2):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_blocks_that_overlap_in_threads_leave_no_trace():
    """The second thread starts inside the first one's block and ends after it."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    counts = {}

    def first():
        with torch_threads(1):
            first_is_in.set()
            second_is_in.wait(10)
        counts["first, after"] = torch.get_num_threads()
        first_is_out.set()

    def second():
        first_is_in.wait(10)
        with torch_threads(2):
            counts["second, in its block"] = torch.get_num_threads()
            second_is_in.set()
            first_is_out.wait(10)
            counts["second, still in it"] = torch.get_num_threads()
        counts["second, after"] = torch.get_num_threads()

    def run(*targets):
        threads = [threading.Thread(target=target) for target in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(first, second)
    run(lambda: counts.update({"a new thread": torch.get_num_threads()}))
    assert set(counts.values()) == {2}, counts


def test_make_rng_is_a_cpu_stream_of_its_own(untouched_globals):
    rng = make_rng(7)
    assert rng.device == torch.device("cpu")
    assert torch.equal(torch.rand(3, generator=rng), torch.rand(3, generator=make_rng(7)))
    assert not torch.equal(torch.rand(3, generator=rng), torch.rand(3, generator=make_rng(7)))


# Rows on a device


@pytest.mark.parametrize(
    ("device", "n_bytes", "expected"),
    [
        ("cuda", 500, True),
        ("cuda", 501, False),
        ("cuda:1", 1000, True),
        ("cuda:1", 1001, False),
        ("cpu", 1 << 50, True),
        ("mps", 1 << 50, True),
    ],
)
def test_rows_may_take_half_of_what_is_free(device, n_bytes, expected, monkeypatch):
    free = {torch.device("cuda"): 1000, torch.device("cuda:1"): 2000}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[device], 1 << 40))
    assert fits(n_bytes, device) is expected


class Rows:
    """Stands for a tensor on the CPU, where there is no CUDA."""

    device, calls = torch.device("cpu"), ()

    def pin_memory(self):
        self.calls += ("pinned",)
        return self

    def to(self, device, **how):
        self.calls += (device.type, how)
        return self


def test_rows_go_to_cuda_by_way_of_pinned_memory():
    assert moved(Rows(), torch.device("cuda:0")).calls == ("pinned", "cuda", {"non_blocking": True})
    assert moved(Rows(), torch.device("mps")).calls == ("mps", {})


def test_rows_that_are_there_are_not_moved():
    assert moved(Rows(), torch.device("cpu")).calls == ()


# Waiting ------------------------------------------------------------------------------------------

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="seen on Linux only")


def threads_of_the_system():
    return len(os.listdir("/proc/self/task"))


@pytest.fixture
def two_cores(monkeypatch):
    """As if there were two; with the team of this thread already there."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    torch.ones(1 << 17).add_(1)
    time.sleep(0.1)  # those of a larger team end


@only_linux
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("running", [1, 2])
def test_threads_outnumber_the_cores_where_others_run(
    two_cores, monkeypatch, tmp_path, n_threads, running
):
    (tmp_path / "loadavg").write_text(f"1.00 1.00 1.00 {running}/300 4711")
    monkeypatch.setattr(device, "_RUNNING", tmp_path / "loadavg")
    before = threads_of_the_system()
    with torch_threads(n_threads):
        outer = threads_of_the_system()
        with torch_threads(n_threads):
            inner = threads_of_the_system()
    if running == n_threads == 2:
        assert outer == inner == before + 2  # a thread and one that works for it
    else:  # torch 2.5 ends those that one thread does not want
        assert max(outer, inner) <= before
    deadline = time.monotonic() + 20
    while threads_of_the_system() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads_of_the_system() <= before


@only_linux
@pytest.mark.parametrize(
    ("n_threads", "n_usable", "n_cores", "forked"),
    [(2, 3, 3, False), (1, 1, 1, False), (2, 2, 4, False), (2, 2, 2, True)],
)
def test_threads_are_left_alone_where_cores_are_left_or_there_is_one_thread(
    two_cores, monkeypatch, tmp_path, n_threads, n_usable, n_cores, forked
):
    (tmp_path / "loadavg").write_text("1.00 1.00 1.00 2/300 4711")
    monkeypatch.setattr(device, "_RUNNING", tmp_path / "loadavg")
    monkeypatch.setattr(device, "_IS_FORKED", forked)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(n_usable)})
    monkeypatch.setattr(os, "cpu_count", lambda: n_cores)
    before = threads_of_the_system()
    with torch_threads(n_threads):
        assert threads_of_the_system() <= before


@only_linux
@pytest.mark.parametrize("text", [None, "", "0.00 0.00 0.00", "0.00 0.00 0.00 ?/0 0"])
def test_threads_are_left_alone_where_nobody_says_who_runs(two_cores, monkeypatch, tmp_path, text):
    if text is not None:
        (tmp_path / "loadavg").write_text(text)
    monkeypatch.setattr(device, "_RUNNING", tmp_path / "loadavg")
    before = threads_of_the_system()
    with torch_threads(2):
        assert threads_of_the_system() <= before


@pytest.mark.slow
@only_linux
def test_the_last_thread_of_a_script_may_train_beside_a_busy_process(tmp_path):
    """Executors take nothing any more once the main thread has ended."""
    (tmp_path / "loadavg").write_text("1.00 1.00 1.00 2/300 4711")
    code = f"""
import os, pathlib, threading, torch
from skgan_resample.nn import device
device._RUNNING = pathlib.Path({str(tmp_path / "loadavg")!r})
os.sched_getaffinity, os.cpu_count = lambda _: {{0, 1}}, lambda: 2
torch.set_num_threads(2)
def last():
    threading.main_thread().join()
    with device.torch_threads(2):
        print(torch.ones(1 << 17).sum().item())
threading.Thread(target=last).start()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == (f"{float(1 << 17)}\n", "")
