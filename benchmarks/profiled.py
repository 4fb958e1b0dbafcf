"""A command of Viva under cProfile, with every thread, by CPU time: a busy machine does not distort the picture.

Run it as `python -m benchmarks.profiled FILE COMMAND…`, such as `python -m benchmarks.profiled out.prof notes check`;
then read the file with `python -m pstats`. The seconds in it are CPU seconds, with the profiler's own overhead.
"""

import cProfile
import pstats
import sys
import threading
import time


def main() -> None:
    target, *command = sys.argv[1:]
    profiles: list[cProfile.Profile] = []

    def begin(*_: object) -> None:
        """Take over in the thread that has just started."""
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.enable()

    threading.setprofile(begin)
    begin()
    from interview.cli import main as command_line

    try:
        command_line(command)
    finally:
        profiles[0].disable()
        stats = pstats.Stats(profiles[0])
        for profile in profiles[1:]:
            # Each thread has ended, or waits for work that will not come.
            profile.create_stats()
            stats.add(profile)
        stats.dump_stats(target)


if __name__ == "__main__":
    main()
