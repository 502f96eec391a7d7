"""A process whose clock is moved: by libfaketime, or by a few lines of C where there is a compiler."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

FAKETIME = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"),
)
YEAR_SECONDS = 31_557_600
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    const char *by = getenv("CLOCK_MOVED_SECONDS");
    if (!failed && by && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += atol(by);
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return failed;
}
"""


def moved(years: int, folder: Path) -> Mapping[str, str] | None:
    """Return the environment of a process whose clock is moved; None where it cannot be on this machine."""
    library = next((str(each) for each in FAKETIME if each.exists()), None)
    if library is not None:
        return {"LD_PRELOAD": library, "FAKETIME": f"{years:+d}y", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    made = folder / "clock.so"
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    command = [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(made), "-ldl"]
    built = subprocess.run(command, input=_SOURCE, text=True, check=False, capture_output=True)  # noqa: S603 - a compiler, our source
    if built.returncode != 0:
        return None
    return {"LD_PRELOAD": str(made), "CLOCK_MOVED_SECONDS": str(years * YEAR_SECONDS)}
