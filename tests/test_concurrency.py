"""Fits side by side, in threads and in processes, give what they give one after the other."""

import multiprocessing
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from samplers import ALL_SAMPLERS, quick, table

from skgan_resample import BAGANGPSampler, BAGANSampler
from skgan_resample.nn.runtime import torch_settings

TABLE = table((40, 20))
LARGE = table((40, 20), n_features=600)  # a batch of 36,000 values: two threads
# from Python 3.12 on, forking beside any other thread is warned of
a_fork = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="nothing forks on Windows")


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def run(sampler, data):
    return [*sampler.fit_resample(*data), *sampler.sample(3)]


def assert_same(results, expected):
    for arrays, wanted in zip(results, expected, strict=True):
        for array, same in zip(arrays, wanted, strict=True):
            assert_array_equal(array, same)


@pytest.mark.slow
def test_eight_fits_at_a_time_do_not_disturb_each_other(untouched_globals):
    def jobs():
        yield from ((quick(Sampler), TABLE) for Sampler in ALL_SAMPLERS)
        yield from ((quick(BAGANSampler, random_state=seed), TABLE) for seed in (0, 1))
        yield quick(BAGANSampler, max_iter=1, autoencoder_max_iter=0), LARGE

    expected = [run(*job) for job in jobs()]
    with ThreadPoolExecutor(8, initializer=threading.Barrier(8).wait) as pool:
        assert_same(pool.map(lambda job: run(*job), jobs()), expected)


@pytest.mark.slow
@a_fork
@pytest.mark.parametrize("backend", ["threading", "multiprocessing", "loky"])
def test_joblib_backends_agree_with_serial(backend):
    def jobs():
        return [
            delayed(run)(quick(Sampler), TABLE) for Sampler in [BAGANGPSampler, BAGANSampler] * 2
        ]

    expected = [function(*args, **kwargs) for function, args, kwargs in jobs()]
    assert_same(Parallel(2, backend=backend)(jobs()), expected)


def in_a_fork(function, *args):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply_async(function, args).get(timeout=60)


@pytest.mark.slow
@a_fork
@needs_fork
def test_a_forked_child_fits_and_samples():
    """The parent has had two threads at work, which the child has not."""
    torch.rand(300, 300) @ torch.rand(300, 300)
    sampler = quick(BAGANSampler, max_iter=1, autoencoder_max_iter=0)
    expected = run(sampler, LARGE)
    for array, same in zip(in_a_fork(run, sampler, LARGE), expected, strict=True):
        assert_allclose(array, same, atol=1e-3)  # one thread adds up in another order than two
    assert len(in_a_fork(sampler.sample, 60)[0]) == 120
    assert_same([in_a_fork(run, sampler, TABLE)], [run(sampler, TABLE)])


def threads_in_and_after_a_block():
    with torch_settings(1 << 20):
        within = torch.get_num_threads()
    return within, torch.get_num_threads()


def in_a_new_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(60)


@pytest.mark.slow
@a_fork
@needs_fork
def test_a_child_forked_beside_a_fit_has_the_count_of_the_caller():
    inside, leave = threading.Event(), threading.Event()

    def fit():
        with torch_settings(1):
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=fit)
    thread.start()
    inside.wait(60)
    try:
        assert in_a_fork(in_a_new_thread, threads_in_and_after_a_block) == (1, 2)
    finally:
        leave.set()
        thread.join()


@pytest.mark.slow
def test_a_joblib_workers_limit_holds_in_a_fit():
    def threads_in_a_block():  # a worker cannot import this file
        with torch_settings(1 << 20):
            return torch.get_num_threads()

    with parallel_config("loky", inner_max_num_threads=1):
        assert Parallel(2)(delayed(threads_in_a_block)() for _ in range(2)) == [1, 1]
