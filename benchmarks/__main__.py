"""`python -m benchmarks NAME [--quick]`: a short table, then as the last line one JSON object with "benchmark"."""

import argparse
import pkgutil
from importlib import import_module

import benchmarks

# Modules of this package that aren't benchmarks.
_MATERIAL = {"__main__", "bare_api", "bare_loop", "campus", "face_views", "live", "material", "running_app", "school"}
_MATERIAL |= {f"chaos_{part}" for part in ("campus", "faults", "load", "outcome", "recovery")}


def main() -> None:
    """Run the benchmark that the command line names."""
    names = sorted({each.name for each in pkgutil.iter_modules(benchmarks.__path__)} - _MATERIAL)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--quick", action="store_true", help="end within a minute, with rougher figures")
    parser.add_argument("--records", type=int, help="store: how many records, 200,000 where it isn't said")
    given = parser.parse_args()
    if given.records is not None and given.name != "store":
        parser.error("--records is for store")
    more = {"records": given.records} if given.records is not None else {}
    import_module(f"benchmarks.{given.name}").main(quick=given.quick, **more)


if __name__ == "__main__":
    main()
