"""The command line of the benchmarks."""

import argparse
import sys
from collections.abc import Callable, Collection, Mapping, Sequence

from bench import (
    admin_list,
    chat,
    crash,
    dashboard,
    drain,
    ingest,
    pages,
    rekey,
    rls_tax,
    status,
    sync_churn,
    sync_first,
    sync_same,
)
from bench.results import Result

BENCHMARKS: dict[str, Callable[[], Result]] = {
    "sync-first": sync_first.run,
    "sync-same": sync_same.run,
    "sync-churn": sync_churn.run,
    "rls-tax": rls_tax.run,
    "ingest": ingest.run,
    "drain": drain.run,
    "chat": chat.run,
    "crash": crash.run,
    "dashboard": dashboard.run,
    "rekey": rekey.run,
    "status": status.run,
    "admin": admin_list.run,
    "pages": pages.run,
}


def main(arguments: Sequence[str], benchmarks: Mapping[str, Callable[[], Result]] = BENCHMARKS) -> int:
    """Run the benchmarks named, or all. A goal that is missed is told, and is no failure."""
    names = _names(arguments, benchmarks)
    verdicts = []
    try:
        for name in names:
            print(f"\n{name}", flush=True)
            result = benchmarks[name]()
            print(result.table(), flush=True)
            verdicts.append(f"{name} {result.verdict()}")
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    print("", *verdicts, sep="\n", flush=True)
    return 0


def _names(arguments: Sequence[str], benchmarks: Collection[str]) -> list[str]:
    """The benchmarks asked for. An unknown one ends the program with exit code 2."""
    known = ", ".join(benchmarks)
    parser = argparse.ArgumentParser(prog="bench", description=f"Run benchmarks, all or those named: {known}.")
    parser.add_argument("name", nargs="*")
    names: list[str] = parser.parse_args(arguments).name
    for name in names:
        if name not in benchmarks:
            parser.error(f"there is no benchmark called {name}. Known: {known}")
    return names or list(benchmarks)
