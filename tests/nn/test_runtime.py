"""Devices, the thread count, and torch's process-wide state."""

import threading

import pytest
import torch

from skgan_resample.nn.runtime import fits, moved, resolve_device, torch_settings


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


SMALL, LARGE = 32_767, 32_768


def threads(n_values):
    with torch_settings(n_values):
        return torch.get_num_threads()


@pytest.mark.skipif(
    not hasattr(torch.backends.mkldnn, "matmul"), reason="torch < 2.9 has one precision for all"
)
def test_a_precision_that_is_inherited_is_so_afterwards():
    mkldnn = torch.backends.mkldnn
    before = mkldnn.fp32_precision
    try:
        mkldnn.fp32_precision = "bf16"
        with torch_settings(SMALL):
            assert (mkldnn.matmul.fp32_precision, mkldnn.conv.fp32_precision) == ("ieee", "ieee")
        assert (mkldnn.matmul.fp32_precision, mkldnn.conv.fp32_precision) == ("bf16", "bf16")
        mkldnn.fp32_precision = "ieee"
        assert (mkldnn.matmul.fp32_precision, mkldnn.conv.fp32_precision) == ("ieee", "ieee")
    finally:
        mkldnn.fp32_precision = before


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_small_batches_take_one_thread_and_large_ones_the_callers_count(n_threads):
    torch.set_num_threads(n_threads)
    assert [threads(n) for n in (0, SMALL, LARGE, 10**9)] == [1, 1, n_threads, n_threads]
    assert torch.get_num_threads() == n_threads
    torch.set_num_threads(2)


def test_the_count_is_put_back_after_an_error():
    with pytest.raises(KeyError), torch_settings(SMALL):
        raise KeyError
    assert torch.get_num_threads() == 2
    assert threads(SMALL) == 1


def test_blocks_can_be_nested():
    with torch_settings(SMALL):
        assert threads(LARGE) == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_blocks_that_overlap_in_threads_leave_no_trace():
    """The second thread starts inside the first one's block and ends after it."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    counts = {}

    def first():
        with torch_settings(SMALL):
            first_is_in.set()
            second_is_in.wait(10)
        counts["first, after"] = torch.get_num_threads()
        first_is_out.set()

    def second():
        first_is_in.wait(10)
        with torch_settings(LARGE):
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


# torch's process-wide state

STATES = {
    "no_grad": torch.no_grad,
    "inference mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "default device": lambda: torch.device("meta"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_block_has_settings_of_its_own(state):
    with STATES[state]():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        with torch_settings(SMALL):
            x = torch.ones(2, 2).requires_grad_()
            assert x.device.type == "cpu"
            assert (x @ x).dtype == torch.float32
            (x @ x).sum().backward()
            assert x.grad.tolist() == [[4, 4], [4, 4]]
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
        assert torch.empty(2).device.type == ("meta" if state == "default device" else "cpu")


# Samples on a device


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
        self.calls += (torch.device(device).type, how)
        return self


def test_rows_go_to_cuda_by_way_of_pinned_memory():
    assert moved(Rows(), "cuda:0").calls == ("pinned", "cuda", {"non_blocking": True})
    assert moved(Rows(), "mps").calls == ("mps", {})


def test_samples_on_the_cpu_need_no_pinned_memory():
    assert moved(Rows(), "cpu").calls == ("cpu", {})
